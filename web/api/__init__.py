"""The JSON API: one table of operations, from which routes, checks and the OpenAPI document are made.

A token asks in the name of a person and sees what they see. No cookie opens anything here, and no page is shown.
"""
