// Terms: the names that repeat (attribute IRIs, types, units, dataset ids), kept once and passed as a number.
#pragma once

#include <compare>
#include <cstdint>
#include <deque>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"

namespace cityloom::twin {

/// The number of an interned string in one tenant's TermTable. 0 means none.
struct Term {
  uint32_t number = 0;

  constexpr bool exists() const { return number != 0; }
  constexpr auto operator<=>(const Term&) const = default;

  /// A term that no table holds: what a query names and nobody ever wrote. Matches nothing.
  static constexpr Term unknown() { return {0xFFFFFFFFu}; }
};
static_assert(sizeof(Term) == 4);

/// Terms that every table holds, at the same number. They name what is recorded about an entity itself.
namespace terms {
inline constexpr Term lifecycle{1};    ///< "@lifecycle": the entity was created, or deleted.
inline constexpr Term type{2};         ///< "@type"
inline constexpr Term scope{3};        ///< "@scope"
inline constexpr Term location{4};     ///< "https://uri.etsi.org/ngsi-ld/location": what the place index holds.
inline constexpr Term observed_at{5};  ///< "https://uri.etsi.org/ngsi-ld/observedAt", in query paths, as the next two
inline constexpr Term created_at{6};   ///< "https://uri.etsi.org/ngsi-ld/createdAt"
inline constexpr Term modified_at{7};  ///< "https://uri.etsi.org/ngsi-ld/modifiedAt"
inline constexpr uint32_t reserved_count = 7;
}  // namespace terms

/// The interned strings of one tenant. Grows only; limits: 16 million terms, 2,048 bytes each. Any worker may call
/// any function; lookups take a shared lock (tens of nanoseconds), `intern` of a new string an exclusive one.
class TermTable {
 public:
  TermTable();
  /// A table over another, which must outlive it: it has that one's names, those too that are interned there later, and
  /// keeps new ones for itself, at numbers that no other table gives. For what others write, as long as a request
  /// lasts. Limit: 65,536 names of its own. It can be neither stored nor be under another.
  explicit TermTable(const TermTable* under);
  TermTable(const TermTable&) = delete;
  TermTable& operator=(const TermTable&) = delete;

  /// The term of this string, made if new. Only writes may intern: a query uses `find`, so that asking costs no memory.
  /// Errors: too_large (string or table past its limit), invalid (empty).
  base::Result<Term> intern(std::string_view text);

  /// The term of this string, or Term::unknown().
  Term find(std::string_view text) const;

  /// The string of a term of this table; stays valid as long as the table. None and unknown give "".
  std::string_view text(Term term) const;

  /// The same name's term in the table under this one, if that has it meanwhile; else the term itself.
  Term settled(Term term) const;

  /// The number of the last term; 0 < number <= last is valid. Of a table over another: how many names it has of its
  /// own.
  uint32_t last() const;

  /// Puts back a stored term. Terms must come in order of their numbers, without gap. Errors: corrupt.
  base::Status restore(Term term, std::string_view text);

 private:
  const TermTable* under_ = nullptr;
  mutable std::shared_mutex mutex_;
  std::deque<std::string> texts_;  // a deque: texts stay where they are
  std::unordered_map<std::string_view, uint32_t> numbers_;
};

}  // namespace cityloom::twin
