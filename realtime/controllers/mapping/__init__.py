"""The mapping of controllers to stops: its file, takeover, learning."""
