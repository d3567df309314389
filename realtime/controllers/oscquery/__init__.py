"""OSCQuery: the tree of parameters over HTTP and WebSocket, announced by mDNS."""
