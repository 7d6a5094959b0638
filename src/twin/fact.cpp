#include "twin/fact.hpp"

#include <algorithm>

namespace cityloom::twin {
namespace {

void stamp_members(std::vector<Attribute>& members, const std::vector<Attribute>* before, base::Instant recorded_at,
                   Offset offset) {
  for (Attribute& member : members) {
    const Attribute* former = nullptr;
    if (before != nullptr) {
      const auto found = std::find_if(before->begin(), before->end(), [&](const Attribute& other) {
        return other.name == member.name && other.dataset == member.dataset;
      });
      if (found != before->end()) former = &*found;
    }
    member.created_at = former != nullptr ? former->created_at : recorded_at;
    member.modified_at = recorded_at;
    member.offset = offset;
    stamp_members(member.members, former != nullptr ? &former->members : nullptr, recorded_at, offset);
  }
}

void set_attribute(const Attribute& stated, Offset offset, base::Instant recorded_at, Entity& entity) {
  Attribute* present = entity.find(stated.name, stated.dataset);
  Attribute attribute = stamped(stated, present, offset, recorded_at);
  if (present != nullptr) {
    *present = std::move(attribute);
  } else {
    entity.attributes.push_back(std::move(attribute));
  }
}

}  // namespace

Attribute stamped(const Attribute& stated, const Attribute* present, Offset offset, base::Instant recorded_at) {
  Attribute attribute = stated;
  attribute.created_at = present != nullptr ? present->created_at : recorded_at;
  attribute.modified_at = recorded_at;
  attribute.offset = offset;
  stamp_members(attribute.members, present != nullptr ? &present->members : nullptr, recorded_at, offset);
  return attribute;
}

base::Status apply(const Fact& fact, Offset offset, base::Instant recorded_at, Entity& entity) {
  if (fact.is_of_past()) return {};
  const bool exists = !entity.id.empty();
  if (exists == (fact.kind == Fact::Kind::entity_created)) {
    return base::fail(base::Code::corrupt, "a fact does not fit its entity", fact.entity_id,
                      "restore the record from a backup");
  }
  switch (fact.kind) {
    case Fact::Kind::entity_created:
      entity = Entity{fact.entity_id, fact.types, fact.scopes, recorded_at, recorded_at, offset, offset, {}};
      break;
    case Fact::Kind::entity_deleted:
      entity = Entity{};
      return {};
    case Fact::Kind::types_set:
      entity.types = fact.types;
      break;
    case Fact::Kind::scopes_set:
      entity.scopes = fact.scopes;
      break;
    case Fact::Kind::attribute_set:
      set_attribute(fact.attribute, offset, recorded_at, entity);
      break;
    case Fact::Kind::attribute_deleted:
      std::erase_if(entity.attributes, [&](const Attribute& attribute) {
        return attribute.name == fact.attribute.name && attribute.dataset == fact.attribute.dataset;
      });
      break;
    default:
      break;
  }
  entity.modified_at = recorded_at;
  entity.offset = offset;
  return {};
}

}  // namespace cityloom::twin
