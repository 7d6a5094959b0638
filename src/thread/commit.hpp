// Commits: facts appended together, atomic, at one offset; and the pages in which they are stored.
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

/// Commits that follow one another and were recorded at the same time, in their stored form: one value of the store,
/// under the offset of the last of them. Version, checksum (XXH3, 64 bits) over the rest, the first offset, the time,
/// then the commits; an author or entity id that equals the one before it is not repeated. One worker.
class CommitPage {
 public:
  static constexpr size_t commits_max = 256;      ///< what is sought by one offset is read with so many others
  static constexpr size_t bytes_max = 64u << 10;  ///< past it nothing is added; one large commit fills a page

  bool empty() const { return commits_ == 0; }
  /// Whether `commit` may be added: there is room, and it follows the others and is of their time.
  bool takes(const Commit& commit) const;
  /// Adds a commit that the page takes. Returns the bytes that it came to.
  size_t add(const Commit& commit);
  Offset last() const { return last_; }  ///< of a page that is not empty
  /// The stored form of what was added; valid until the page changes.
  std::string_view seal();
  void clear();

 private:
  std::string bytes_;
  size_t commits_ = 0;
  Offset last_;
  base::Instant recorded_at_;
  std::string author_, entity_;  // of the commit and the fact before
};

/// What a stored page says of all its commits.
struct PageHead {
  Offset first;
  base::Instant recorded_at;
};

/// Reads the head alone, without reading the commits or checking the checksum. Errors: corrupt.
base::Result<PageHead> head_of_page(std::string_view bytes);

/// Reads back a stored page: one commit at least. Also of the first version, which held one commit. Errors: corrupt,
/// with the offset in `where`.
base::Result<std::vector<Commit>> unpack_page(std::string_view bytes);

}  // namespace cityloom::thread
