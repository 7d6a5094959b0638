// Commits: facts appended together, atomic, at one offset; and their stored form.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/instant.hpp"
#include "base/result.hpp"
#include "twin/fact.hpp"

namespace cityloom::thread {

using twin::Offset;

/// A branch of a thread. 0 is main, where the city itself is recorded.
struct BranchId {
  uint32_t number = 0;
  constexpr auto operator<=>(const BranchId&) const = default;
};
static_assert(sizeof(BranchId) == 4);
inline constexpr BranchId main_branch{0};

/// What a commit does to the branches themselves, if it does.
struct BranchEvent {
  enum class Kind : uint8_t { none, forked, dropped };  ///< what a commit without facts did to branches
  Kind kind = Kind::none;
  BranchId branch;
  BranchId parent;
  Offset fork_offset;
  std::string name;
  bool operator==(const BranchEvent&) const = default;
};

/// One entry of the thread. `recorded_at` never decreases along a thread. `author` says who stated it: a principal of
/// `trust`, "link:NAME", "import:FILE".
struct Commit {
  Offset offset;
  BranchId branch;
  base::Instant recorded_at;
  std::string author;
  BranchEvent branch_event;
  std::vector<twin::Fact> facts;
  bool operator==(const Commit&) const = default;
};

/// The stored form: version, checksum (XXH3, 64 bits) over the rest, then the fields; an entity id that equals the
/// fact's before it is not repeated.
std::string pack_commit(const Commit& commit);
/// The same, added to `to`.
void pack_commit(const Commit& commit, std::string& to);

/// Reads back a stored commit. Errors: corrupt, with the offset in `where`.
base::Result<Commit> unpack_commit(std::string_view bytes);

/// The time alone, without reading the facts or checking the checksum. Errors: corrupt.
base::Result<base::Instant> recorded_at_of_packed(std::string_view bytes);

}  // namespace cityloom::thread
