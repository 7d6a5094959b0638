// The guard of a tenant's record: every change is held to the models that are active.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <atomic>
#include <memory>
#include <vector>

#include "base/instant.hpp"
#include "models/entity_check.hpp"
#include "models/tally.hpp"
#include "thread/guard.hpp"

namespace cityloom::models {

/// A model in force.
struct ActiveModel {
  BoundModelPointer bound;
  Mode mode = Mode::accept;
  double interval_s = 0;  ///< within which an entity is expected to be stated again; 0: nothing is expected
};

/// What an entity's source is called where nothing says it: writes of the NGSI-LD and SensorThings doors have no
/// author.
inline constexpr std::string_view unnamed_source = "(clients)";

/// Where an entity's data come from: what its attribute `source` says, else who wrote it last.
std::string source_of(const twin::EntityRecord& record, twin::Term source, std::string_view author);

/// Checks what changes would record by the models of their entities' types: of a whole entity all, of a part what it
/// states. The strictest mode of an entity's models holds. What stands is let be, whatever models come later. Findings
/// are counted in the tally. Immutable but for that; a new set of models is a new guard.
class ModelGuard : public thread::Guard {
 public:
  /// `ignored`: attributes that are none (an entity's own expiresAt). Terms and clock must outlive it.
  ModelGuard(std::vector<ActiveModel> models, const twin::TermTable& terms, const base::Clock& clock,
             std::shared_ptr<Tally> tally, std::vector<twin::Term> ignored);

  base::Result<std::vector<std::string>> check(const thread::Proposal& proposal) const override;

  /// What a whole entity breaks of the models of its types. Any worker.
  std::vector<Finding> findings_of(const twin::Entity& entity) const;

  const std::vector<ActiveModel>& models() const { return models_; }
  /// The model of a type, or nullptr.
  const ActiveModel* find(twin::Term type) const;

 private:
  std::vector<const ActiveModel*> models_of(const thread::Proposal& proposal) const;
  void add_numbers(const std::vector<const BoundModel*>& models, const twin::Fact& fact,
                   std::vector<Finding>& findings) const;

  std::vector<ActiveModel> models_;
  const twin::TermTable& terms_;
  const base::Clock& clock_;
  std::shared_ptr<Tally> tally_;
  std::vector<twin::Term> ignored_;
  absl::flat_hash_map<uint32_t, size_t> by_type_;  // by the number of the term
};

/// An error that says the findings of an entity. `where` is the path of the first.
base::Error error_of(const Model& model, const std::vector<Finding>& findings);

}  // namespace cityloom::models
