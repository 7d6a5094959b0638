// What is refused first when too much is asked: which class of work a request is of, and whether one more may begin.
#pragma once

#include <cstdint>

#include "serve/request.hpp"
#include "serve/router.hpp"
#include "serve/server.hpp"

namespace cityloom::serve::engine {

struct Shared;

/// The class of a request. `Priority: u=0` (RFC 9218) asks for the most urgent, u=6 and u=7 for what may wait.
/// `body_bytes`: as announced; `chunked`: not announced.
Work work_of(const Route& route, const Request& request, uint64_t body_bytes, bool chunked,
             const ServerOptions& options);

/// Whether one more request of the class may begin, by how many are under way and how much memory is taken. The lesser
/// the class, the earlier it is refused.
bool has_room(const Shared& shared, Work work);

/// Bytes of memory that this process has resident; 0 where that cannot be known.
uint64_t resident_bytes();

/// Has the allocator give back what is free. Cost: milliseconds.
void give_back_memory();

}  // namespace cityloom::serve::engine
