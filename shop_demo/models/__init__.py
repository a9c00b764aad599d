"""The shop's tables: categories and products, orders and their lines."""

from shop_demo.models.catalogue import Category, Product
from shop_demo.models.orders import Order, OrderLine

__all__ = ["Category", "Order", "OrderLine", "Product"]
