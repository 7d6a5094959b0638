// Features with properties of any kind (GeoJSON, TopoJSON, rows of tables) as entities.
#pragma once

#include <absl/container/flat_hash_set.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "space/entity_statement.hpp"
#include "space/formats/json_geometry.hpp"

namespace cityloom::space {

/// One feature as a file gives it.
struct Feature {
  std::string id;            ///< as the file has it; "" if it has none
  std::string object;        ///< what it is called in warnings and `providedBy`: "feature 17"
  std::string type;          ///< the entity type that the file names; "" if it names none
  bool is_exported = false;  ///< from a twin: its properties are attributes as they are, with these units
  std::vector<std::pair<std::string, std::string>> units;
  std::vector<std::pair<std::string, twin::Value>> properties;  ///< in the file's order; null ones left out
  FeatureGeometry geometry;
};

/// Makes entities of features. Their type: what the option `type` or the file says, else by their properties (Building,
/// Pipe, Cable, Tunnel, UndergroundStructure), else "Feature". Their id: the file's, within the source; without one, a
/// hash of what they say, so that the same feature has the same id in the next file. Properties of things under the
/// ground become the attributes of docs/api.md, "Under the ground", all others attributes of their own name. One
/// worker.
class FeatureImport {
 public:
  explicit FeatureImport(ImportBatch& batch);

  /// Hands a feature to the batch; what is odd about it becomes a warning. Errors: those of ImportBatch::add.
  base::Status add(Feature feature);

 private:
  std::string type_of(const Feature& feature) const;
  std::string unique_id_part(const Feature& feature, const std::string& own);
  void state_property(EntityStatement& statement, const std::string& key, const twin::Value& value, bool is_buried);
  void state_exported(EntityStatement& statement, const Feature& feature, const std::string& key,
                      const twin::Value& value) const;
  bool state_buried(EntityStatement& statement, const std::string& key, const twin::Value& value);
  void state_depths(EntityStatement& statement);

  ImportBatch& batch_;
  std::string source_part_;
  absl::flat_hash_set<std::string> id_parts_;
  double depth_m_ = 0, depth_min_m_ = 0, depth_max_m_ = 0;  // of the feature at hand; NaN: not said
};

/// The properties of a JSON object as values: numbers, texts, flags, nested ones as Json up to 64 levels; null is left
/// out. `problems` hears of what could not be taken.
std::vector<std::pair<std::string, twin::Value>> properties_of(const simdjson::dom::object& object,
                                                               const std::function<void(std::string)>& problem);

/// Whether entities of this type lie under the ground.
bool is_buried_type(std::string_view type);

}  // namespace cityloom::space
