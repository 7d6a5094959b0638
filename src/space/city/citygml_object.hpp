// From the tree of one CityGML member to its objects: itself, and the parts and installations that it holds.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "space/city/city_object.hpp"
#include "space/city/gml_geometry.hpp"
#include "space/city/xml_tree.hpp"

namespace cityloom::space {

/// The type of an object as CityJSON names it, from an element's name without prefix; "" for what is no object of ours.
std::string_view city_type_of(std::string_view element);

/// What surrounds an object in its file.
struct CityGmlSurroundings {
  const XmlTree* library = nullptr;           ///< of geometry in other objects; may be nullptr
  const GmlAppearance* appearance = nullptr;  ///< of the whole model; may be nullptr
  GmlContext context;                         ///< of the model's envelope
  /// The entity id of a type and gml:id.
  std::function<std::string(std::string_view type, std::string_view source_id)> id_of;
};

/// Reads the object that the tree begins with, and those within it, which come after it and name it as their parent.
/// Empty: it is no object of ours. What cannot be read is in the objects' notes.
std::vector<CityObject> read_citygml_objects(const XmlTree& tree, const CityGmlSurroundings& around);

}  // namespace cityloom::space
