"""Who may connect, what they may do, and how much: pure rules. ``service.identity`` checks tokens by them."""
