// What a building model is made of: sites, buildings, storeys, rooms and elements, and what belongs to what.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "space/ifc/ifc_reader.hpp"

namespace cityloom::space {

/// What a product is to the twin.
enum class IfcRole : uint8_t {
  site,
  building,
  storey,
  room,
  facility,
  facility_part,
  element,
  equipment,
  device,
  opening
};

/// How a class of the schema stands in the record.
struct IfcClass {
  IfcRole role = IfcRole::element;
  std::string category;  ///< "wall", "door"; of unknown classes their name in small letters
  std::string name;      ///< "IfcWallStandardCase"
};

/// The class of a type's name in capitals ("IFCWALL"). Of unknown names an element.
IfcClass ifc_class(std::string_view type);

/// A side of a room that another thing stands in: an IfcRelSpaceBoundary.
struct IfcBoundary {
  uint64_t room = 0;
  uint64_t element = 0;
  bool is_virtual = false;
};

/// One product.
struct IfcProduct {
  uint64_t id = 0;
  std::string_view type;
  IfcClass kind;
  std::string guid;  ///< GlobalId: 22 letters
  std::string name, description, object_type;
  std::string label;  ///< Tag of an element, LongName of a spatial element
  std::string predefined;
  uint64_t placement = 0, representation = 0, owner_history = 0;
  uint64_t parent = 0;     ///< what it is a part of
  uint64_t container = 0;  ///< the storey or room that it stands in
  uint64_t host = 0;       ///< of a door or window: the wall whose opening it fills; of an opening: the wall
  uint64_t filling = 0;    ///< of an opening: what fills it
  uint64_t type_object = 0, material = 0;
  std::vector<uint64_t> property_sets;
  std::vector<uint64_t> openings;
  std::vector<uint64_t> parts;  ///< products that it is made of
};

/// All products of a file with their relations. References to what is not there, or in circles, are warned of and left
/// out.
class IfcStructure {
 public:
  static IfcStructure read(const IfcReader& reader);

  const std::vector<IfcProduct>& products() const { return products_; }
  const IfcProduct* find(uint64_t id) const;
  const std::vector<IfcBoundary>& boundaries() const { return boundaries_; }
  /// The storey (building, facility ...) that a product belongs to, however deep; nullptr if none.
  const IfcProduct* ancestor(const IfcProduct& product, IfcRole role) const;

 private:
  IfcProduct* at(uint64_t id);
  void read_products(const IfcReader& reader);
  void read_relations(const IfcReader& reader);
  void cut_circles(const IfcReader& reader);

  std::vector<IfcProduct> products_;
  std::unordered_map<uint64_t, size_t> places_;
  std::vector<IfcBoundary> boundaries_;
};

}  // namespace cityloom::space
