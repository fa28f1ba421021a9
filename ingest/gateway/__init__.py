"""The gateway: HJ 212 over TCP to stations, MQTT to the broker, and a durable buffer between them.

TCP -> framer -> device known, password right -> buffer (on disk) -> answer 9014
buffer -> join split uploads -> publish, one message an instrument -> PUBACK -> cursor
"""
