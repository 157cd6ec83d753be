"""The API's description (OpenAPI 3.1), made from the models when the functions are packaged.

`operations` is the table of routes, `answers` the shapes of what is answered and delivered, `document` puts them
together. Nothing here runs in a function.
"""
