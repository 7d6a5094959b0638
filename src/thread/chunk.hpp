// The stored forms of history (room-internal): which instances are numbers, and runs of points of an open chunk.
#pragma once

#include "thread/history.hpp"

namespace cityloom::thread {

/// Whether an instance is a plain number that a chunk of numbers can hold.
bool is_number_instance(const PastInstance& instance);
/// What a chunk of numbers that starts with this instance shares.
twin::Attribute prototype_of(const PastInstance& instance);
/// Whether an instance differs from the prototype only by value and times.
bool fits_prototype(const PastInstance& instance, const twin::Attribute& prototype);
NumberPoint number_point_of(const PastInstance& instance);

/// What the instance at an index stands for: itself alone, or all of a thinned period.
ChunkSummary summary_at(const Chunk& chunk, size_t index);
/// Adds what stands for some to what stands for those before them.
void add(const ChunkSummary& one, ChunkSummary& to);

/// The numbers within a packed chunk, for `unpack_columns`; empty for a chunk of whole instances. Errors: corrupt.
base::Result<std::string_view> numbers_of_packed(std::string_view bytes);

/// Some points of an open chunk, as they are stored; and added back to the chunk, run by run. Errors: corrupt.
std::string pack_run(const Chunk& chunk, size_t first, size_t count);
base::Status unpack_run(std::string_view bytes, Chunk& chunk);

}  // namespace cityloom::thread
