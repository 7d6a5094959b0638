// Property sets, quantities, materials and classification of products.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "space/ifc/ifc_structure.hpp"

namespace cityloom::space {

/// A value as JSON text, and as number or text where it is one. Measures are in SI.
struct IfcProperty {
  std::string json;
  std::optional<double> number;
  std::string text;
};

/// What a product's sets say, its own before its type's.
struct IfcProperties {
  /// By set and property: {"Pset_WallCommon": {"FireRating": ...}}.
  std::map<std::string, std::map<std::string, IfcProperty>> sets;
  std::map<std::string, std::map<std::string, IfcProperty>> quantities;

  /// The property of this name in any set (those called Pset_... first), or nullptr.
  const IfcProperty* find(std::string_view name) const;
  /// The number of the first of these quantities that is there.
  std::optional<double> quantity(std::initializer_list<std::string_view> names) const;
  /// Any quantity whose unit is of this kind ("IFCQUANTITYAREA"), where there is exactly one.
  std::optional<double> only_area;
};

/// A layer of a wall, or a constituent.
struct IfcMaterialLayer {
  std::string material;
  double thickness_m = 0;  ///< 0: not stated
};

/// Reads them for one file. One worker. Sets are read once and kept.
class IfcPropertyReader {
 public:
  explicit IfcPropertyReader(const IfcReader& reader) : reader_(reader) {}

  IfcProperties read(const IfcProduct& product);
  /// Materials in the order of their layers; empty if none are stated.
  std::vector<IfcMaterialLayer> materials(const IfcProduct& product, size_t depth = 6) const;

 private:
  struct Set {
    std::string name;
    bool is_quantities = false;
    std::map<std::string, IfcProperty> values;
    std::optional<double> only_area;
  };
  const Set& set(uint64_t id);
  void add(uint64_t id, IfcProperties& to);
  void add_materials(uint64_t id, size_t depth, std::vector<IfcMaterialLayer>& to) const;

  const IfcReader& reader_;
  std::map<uint64_t, Set> sets_;
};

/// JSON of a text.
std::string json_text(std::string_view text);
/// JSON of a number, as short as it reads back.
std::string json_number(double number);

}  // namespace cityloom::space
