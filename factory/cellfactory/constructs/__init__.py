"""Parts of a cell, made of Terraform resources.

`cdk` is the one door to the bindings. Importing a construct starts Node, importing this package
does not.
"""
