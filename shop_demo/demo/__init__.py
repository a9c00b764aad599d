"""What `manage.py demo` is made of: preparing the shop, its processes, and a shopper that checks it."""
