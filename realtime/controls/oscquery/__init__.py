"""OSCQuery: surfaces are told all that can be moved, and build themselves. After the proposal by Vidvox.

https://github.com/Vidvox/OSCQueryProposal; see docs/osc.md.
"""
