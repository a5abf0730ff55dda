"""Shengzhi: five services, a gateway, and the kernel they share."""
