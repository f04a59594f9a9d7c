"""Content that is still being written: documents that grow, and what their readers are shown of them."""
