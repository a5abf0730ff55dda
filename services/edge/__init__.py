"""REST, pages, gRPC and documents in one asyncio process: it reads the gateway's store and commands by RPC."""
