// Products of a building model as entities of the record.
#pragma once

#include <string>
#include <vector>

#include "space/entity_statement.hpp"
#include "space/ifc/ifc_georeference.hpp"
#include "space/ifc/ifc_plan.hpp"
#include "space/ifc/ifc_properties.hpp"
#include "space/ifc/ifc_solid.hpp"

namespace cityloom::space {

/// "urn:ngsi-ld:Room:0BTBFw6f90Nfh9rP1dlXrr": by the product's GlobalId.
std::string ifc_entity_id(const IfcProduct& product);
/// The type of a role's entities: "Room".
std::string_view ifc_entity_type(IfcRole role);

/// Puts what a product says into statements. One worker; all it names must outlive it.
class IfcEntityWriter {
 public:
  IfcEntityWriter(const IfcReader& reader, const IfcStructure& structure, const IfcGeoreference& georeference,
                  ImportBatch& batch)
      : reader_(reader), structure_(structure), georeference_(georeference), batch_(batch), properties_(reader) {}

  /// What all products have: names, class, properties, quantities, materials, age, and what they belong to.
  EntityStatement begin(const IfcProduct& product);
  const IfcProperties& properties() const { return current_; }  ///< of the product begun last

  /// The plan as `location`, at a height (metres, project frame); where it covers nothing, a point.
  void location(EntityStatement& statement, const IfcPlan& plan, double z);
  /// The faces as `body`. `surface` names what each face is, by runs.
  void body(EntityStatement& statement, const IfcShape& shape, std::string_view lod,
            const std::vector<std::pair<std::string, size_t>>& surfaces);
  /// The colour that most of the shape has, if its file gives one.
  void colour(EntityStatement& statement, const IfcShape& shape);
  /// A relationship to entities: one id, or a list.
  void related(EntityStatement& statement, std::string_view name, const std::vector<std::string>& ids);

 private:
  void belongings(EntityStatement& statement, const IfcProduct& product);
  void well_known(EntityStatement& statement, const IfcProduct& product);
  void sets(EntityStatement& statement, const IfcProduct& product);
  void age(EntityStatement& statement, const IfcProduct& product);

  const IfcReader& reader_;
  const IfcStructure& structure_;
  const IfcGeoreference& georeference_;
  ImportBatch& batch_;
  IfcPropertyReader properties_;
  IfcProperties current_;
};

}  // namespace cityloom::space
