"""The gateway: stations that speak HJ 212 over TCP, on one side; the broker, on the other; a durable buffer between them.

TCP -> framer -> device known, password right -> buffer (on disk) -> answer 9014
buffer -> join split uploads -> publish, one message an instrument -> PUBACK -> cursor
"""
