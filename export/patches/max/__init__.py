"""Max and Max for Live patches."""
