// Parts of entities that several sources hold, read and made one. ETSI GS CIM 009 clauses 4.3.6, 4.5.5.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "ngsi/body.hpp"
#include "ngsi/context.hpp"
#include "twin/entity.hpp"
#include "twin/term.hpp"

namespace cityloom::ngsi {

/// One item of a source's answer, in normalized or concise form, with the times that it tells (createdAt, modifiedAt).
/// Names are interned in `terms`, which should not be the tenant's own. `with_ends`: attributes may have ended, which
/// NGSI-LD Null says. Errors: invalid, too_large.
base::Result<twin::Entity> read_source_entity(const Body& body, size_t item, const Context& context,
                                              twin::TermTable& terms, bool with_ends = false);

/// The parts of one entity. What is added first goes before what is as recent. Not for several workers at once.
class EntityMerger {
 public:
  explicit EntityMerger(twin::Term expires_at) : expires_at_(expires_at) {}

  /// A part from here or from a source that is any other's equal.
  void add(twin::Entity part) { parts_.push_back(std::move(part)); }
  /// A part of an auxiliary source: it gives attributes that no other has.
  void add_auxiliary(twin::Entity part) { auxiliary_.push_back(std::move(part)); }
  /// Whether there is any part.
  bool empty() const { return parts_.empty() && auxiliary_.empty(); }

  /// The entity: of each attribute and dataset the instance with the latest observedAt, else modifiedAt; nothing that
  /// is past its expiresAt at `now`. False: all of it is over, or there is none. Errors: too_large.
  base::Result<bool> merge(base::Instant now, twin::Entity& to) const;

 private:
  twin::Term expires_at_;
  std::vector<twin::Entity> parts_;
  std::vector<twin::Entity> auxiliary_;
};

/// How an item of a request is written for a source.
struct ItemPart {
  std::function<bool(std::string_view)> takes;  ///< by expanded name; empty: all attributes
  const Context* other = nullptr;               ///< by which names are compacted; nullptr: as they were given
  bool is_attribute = false;                    ///< the item is an attribute, not an entity
  std::string context_url;                      ///< not empty: written as "@context"
};
/// The item as compact JSON with only what `part` takes; id, type and scope are kept, its own "@context" is not.
std::string part_of_item(const Body& body, size_t item, const Context& context, const ItemPart& part);

/// The expanded names of the attributes of an item.
std::vector<std::string> attribute_names(const Body& body, size_t item, const Context& context);

/// The expanded types of an item.
std::vector<std::string> type_names(const Body& body, size_t item, const Context& context);

}  // namespace cityloom::ngsi
