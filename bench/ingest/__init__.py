"""The collector and the gateway under load, and the rig of real servers, stations and collectors that measures them."""
