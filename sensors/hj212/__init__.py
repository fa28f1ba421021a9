"""HJ 212 frames: from bytes to readings and back, editions 2005 and 2017; 2025 is recognised, its cipher is for others to supply.

bytes -> framer (find frames, resynchronise) -> frame (length, CRC, header) -> packet (join split uploads)
      -> content (items and fields) -> mapping (factors to parameters, by the network file) -> readings
"""
