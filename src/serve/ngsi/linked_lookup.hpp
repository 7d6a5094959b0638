// The entities that others link to, as one request sees them: kept here, or had from registered sources.
// ETSI GS CIM 009 clauses 4.5.23, 4.9.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "serve/ngsi/gathering.hpp"

namespace cityloom::serve::ngsi_ld {

/// Looks up linked entities for one run of an operation, and collects those of which sources may have more: give them
/// to `gather_linked` before the answer is sent. One worker. What it is made of must live on, and stay in its place.
class LinkedLookup {
 public:
  LinkedLookup(const Call& call, const Reading& reading, const TenantState& tenant);

  /// The entity, for an answer; a record that does not exist where nobody is known to have it. Errors: cancelled,
  /// corrupt, unavailable, too_large.
  base::Result<twin::EntityRecord> find(std::string_view id);
  /// The same for a condition, whose truth depends on it. Errors: also too_complex (more entities, or more sources of
  /// one, than may be asked).
  base::Result<twin::EntityRecord> find_for_condition(std::string_view id);

  /// Those that sources are to be asked for.
  const std::vector<LinkedWanted>& unasked() const { return unasked_; }
  /// Says what was not asked for.
  void add_warnings(Response& response) const;

 private:
  base::Result<twin::EntityRecord> look_up(std::string_view id);
  base::Status note(std::string_view id, const twin::EntityRecord& here);

  const Call& call_;
  const Reading& reading_;
  const TenantState& tenant_;
  bool is_local_ = true;  // nobody else is to be asked
  Way way_;
  std::set<std::string, std::less<>> noted_;
  std::vector<LinkedWanted> unasked_;
  base::Status left_out_;  // why something was not asked for
};

}  // namespace cityloom::serve::ngsi_ld
