"""The pages of the books: a unit's account, an area's books, a document, a transfer.

What stands above is given from above, by the address book (app/urls.py): `plans` turns quotas into
monthly plans, `documents` leads from a document ('kind/id') to its page.
"""
