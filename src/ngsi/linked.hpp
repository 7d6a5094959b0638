// Linked entities in answers: what relationships lead to, inline or beside what links to it. ETSI GS CIM 009 4.5.23.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "ngsi/represent.hpp"
#include "twin/entity.hpp"
#include "twin/packed.hpp"

namespace cityloom::ngsi {

inline constexpr unsigned join_level_max = 10;
inline constexpr size_t linked_entities_max = 10'000;  ///< that one answer holds; past it: too_complex

/// The parameters of a join, decoded; nothing: not given.
struct JoinParameters {
  std::optional<std::string> join, join_level, contained_by;
};

/// A join that is asked for.
struct Join {
  bool is_flat = false;                   ///< beside what links to them, else inline
  unsigned levels = 1;                    ///< how many links away
  std::vector<std::string> contained_by;  ///< ids that were encountered before, and are not given again
};

/// Whether a projection is of linked entities only where a join gives them. Errors: invalid.
base::Status check_projection(const Projection& projection, const std::optional<Join>& join);

/// Reads them; nothing where no join is asked for. Errors: invalid, with the parameter in `where`.
base::Result<std::optional<Join>> parse_join(const JoinParameters& parameters);

/// Looks up the linked entities of one answer. One worker. Inline, an entity that lies on the way to itself is not
/// given again; flat, no entity is given twice.
class LinkedEntities {
 public:
  /// The entity of an id, or a record that does not exist if it may not be given.
  using Find = std::function<base::Result<twin::EntityRecord>(std::string_view id)>;

  LinkedEntities(Join join, Find find) : join_(std::move(join)), find_(std::move(find)) {}

  /// How linked entities are written where no projection is of them.
  void set_representation(Representation how) { how_ = std::move(how); }
  /// How those are written that a relationship leads to, by the projection of the entity that has it.
  Representation representation(const Projection& outer, twin::Term link) const;

  /// Begins anew at an entity of the answer.
  void begin(std::string_view id) { way_.assign(1, std::string(id)); }
  /// The entity that a relationship leads to. Where one is given, `leave` follows when it is written.
  std::optional<twin::EntityRecord> enter(std::string_view id);
  void leave() { way_.pop_back(); }

  /// What the relationships of these entities lead to, nearest first. Only those that are written lead anywhere. The
  /// projection must outlive the answer.
  std::vector<LinkedRecord> beside(const std::vector<twin::EntityRecord>& linking, const Projection& projection);

  /// What kept the answer from being complete: errors of `find`, too_complex.
  const base::Status& status() const { return status_; }

 private:
  std::optional<twin::EntityRecord> look_up(std::string_view id);

  Join join_;
  Find find_;
  Representation how_;
  std::vector<std::string> way_;  // from an entity of the answer to the one being written
  size_t given_ = 0;
  base::Status status_;
};

/// The ids that a relationship or a list of them leads to, in order; none for other kinds and for Null.
std::vector<std::string> targets_of(const twin::AttributeView& view);

}  // namespace cityloom::ngsi
