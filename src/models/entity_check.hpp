// Checking an entity, or what is stated of one, by the models of its types.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "models/model.hpp"
#include "twin/entity.hpp"

namespace cityloom::models {

/// A model with its names as the terms of one tenant. Immutable; any worker.
class BoundModel {
 public:
  /// Errors: too_large (the table of terms is full).
  static base::Result<std::shared_ptr<const BoundModel>> bind(ModelPointer model, twin::TermTable& terms);

  const Model& model() const { return *model_; }
  const ModelPointer& pointer() const { return model_; }
  twin::Term type() const { return type_; }
  twin::Term source() const { return source_; }
  /// What the model says of an attribute, or nullptr.
  const AttributeModel* find(twin::Term name) const {
    const auto found = attributes_.find(name.number);
    return found == attributes_.end() ? nullptr : &model_->attributes[found->second];
  }
  twin::Term term_of(const AttributeModel& attribute) const {
    return terms_[static_cast<size_t>(&attribute - model_->attributes.data())];
  }

 private:
  ModelPointer model_;
  twin::Term type_, source_;
  std::vector<twin::Term> terms_;                       // of the model's attributes
  absl::flat_hash_map<uint32_t, uint32_t> attributes_;  // by the number of the term
};
using BoundModelPointer = std::shared_ptr<const BoundModel>;

/// What is known of an entity, and which part of it is looked at.
struct EntityPart {
  std::string_view id;
  std::vector<const twin::Attribute*> stated;    ///< looked at, in their order
  std::vector<twin::InstanceKey> deleted;        ///< instances that end
  const twin::EntityRecord* standing = nullptr;  ///< what else it has; nullptr: nothing
  bool is_whole = false;       ///< it has nothing beside `stated`: what is missing is looked at, and all rules
  bool has_new_types = false;  ///< what its types require must be there
};

/// Adds what the part breaks to `findings`, at most `findings_max`. Of an entity of several types each model holds, and
/// an attribute is known that one of them knows. Cost: about a microsecond an attribute; bounded by the limits of the
/// schemas.
void check_entity(std::span<const BoundModel* const> models, const EntityPart& part, const twin::TermTable& terms,
                  std::vector<Finding>& findings);

/// One line of all: "temperature: must be ...; pm1O: is not in the model; nearest: pm10".
std::string text_of(const std::vector<Finding>& findings);

}  // namespace cityloom::models
