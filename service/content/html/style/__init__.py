"""Styles: the filter of ``style`` attributes, and the old attributes that set what styles set now."""
