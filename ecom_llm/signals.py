"""What a shop can listen to, and what it can send."""

from __future__ import annotations

from django.dispatch import Signal

# event: ecom_llm.models.Event, just stored. Sent in the process that stored it, which may be another than the one that
# saw it; again for an event that came twice. Listening costs time for each event.
event_recorded = Signal()

# version: ecom_llm.models.TextVersion, just published. Sent after the transaction commits.
text_published = Signal()

# text: ecom_llm.models.Text whose published version cites a fact that has changed.
text_stale = Signal()

# job: ecom_llm.models.GenerationJob that is out of attempts; job.error says why.
job_failed = Signal()

# The following are for the shop to send where its own code knows best. Each takes `request`, or `visitor`: a key that
# was kept with an order (`capture.visitors.get_visitor(request).key`), for what happens without the shopper's request,
# such as a payment provider's call. Nothing they set off ever raises; use `send`, and any sender.

# request or visitor; product: the shop's object or its id.
product_viewed = Signal()

# request or visitor; query: the words.
products_searched = Signal()

# request or visitor; product: the shop's object, its id or a variant's; quantity: pieces, 1 if left out.
product_added_to_cart = Signal()

# request or visitor; order_id; lines: (product or id, pieces, price of one piece) for each; currency: ISO 4217.
order_placed = Signal()
