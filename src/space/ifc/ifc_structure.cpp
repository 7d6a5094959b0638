// Products are known by how their instances look; relations are read once and put into them.
#include "space/ifc/ifc_structure.hpp"

#include <algorithm>

namespace cityloom::space {
namespace {

constexpr size_t products_max = 2'000'000;
constexpr size_t text_bytes_max = 1'000;

bool is_left_out(std::string_view type) {
  for (std::string_view name :
       {"IFCANNOTATION", "IFCGRID", "IFCVIRTUALELEMENT", "IFCPORT", "IFCDISTRIBUTIONPORT", "IFCPROJECT", "IFCALIGNMENT",
        "IFCREFERENT", "IFCPOSITIONINGELEMENT", "IFCLINEARPOSITIONINGELEMENT", "IFCEXTERNALSPATIALELEMENT",
        "IFCSPATIALZONE", "IFCPROXY"}) {
    if (type == name) return true;
  }
  return type.starts_with("IFCREL") || type.starts_with("IFCSTRUCTURAL") || type.starts_with("IFCALIGNMENT") ||
         type.ends_with("TYPE") || type.ends_with("STYLE");
}

// (GlobalId, OwnerHistory, Name, Description, ObjectType, ObjectPlacement, Representation, ...)
bool looks_like_product(const StepFile& file, const StepInstance& instance) {
  if (instance.size() < 7 || instance[0].kind() != StepKind::text || instance[0].text().size() != 22) return false;
  const uint64_t placement = instance[5].reference(), representation = instance[6].reference();
  return file.type_of(placement).ends_with("PLACEMENT") || file.type_of(representation) == "IFCPRODUCTDEFINITIONSHAPE";
}

std::string text_of(const StepValue& value) {
  std::string text = value.text();
  if (text.size() > text_bytes_max) {
    text.resize(text_bytes_max);
    while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0) == 0x80) text.pop_back();
    if (!text.empty() && static_cast<unsigned char>(text.back()) >= 0xC0) text.pop_back();
  }
  return text;
}

// The last enumeration that says more than that there is one: .FLOOR. of a slab.
std::string predefined_of(const StepInstance& instance) {
  std::string found;
  size_t place = 0;
  for (const StepValue value : StepValue(instance.nodes.get(), 0)) {
    if (place++ < 7) continue;
    const std::string_view name = value.enumeration();
    if (name.empty() || name == "ELEMENT" || name == "COMPLEX" || name == "PARTIAL" || name == "NOTDEFINED" ||
        name == "USERDEFINED" || name == "INTERNAL" || name == "EXTERNAL" || name == "T" || name == "F" ||
        name == "U" || name == "LONGITUDINAL" || name == "LATERAL" || name == "VERTICAL" || name == "REGION")
      continue;
    found = std::string(name);
  }
  return found;
}

// IFC 2x3 has one class for all lamps and basins, and one for all sensors and valves: which it is, says its type.
bool is_general(const IfcClass& kind) {
  for (std::string_view name : {"IfcEnergyConversionDevice", "IfcElectricalElement", "IfcEquipmentElement"}) {
    if (kind.name == name) return true;
  }
  return kind.name.starts_with("IfcDistribution") ||
         (kind.name.starts_with("IfcFlow") && kind.name != "IfcFlowMeter" && kind.name != "IfcFlowInstrument");
}

void learn_from_type(const IfcReader& reader, IfcProduct& product) {
  constexpr std::string_view ending = "TYPE";
  std::string_view type = reader.file().type_of(product.type_object);
  const bool is_technical = product.kind.role == IfcRole::equipment || product.kind.role == IfcRole::device;
  if (!is_technical || !type.ends_with(ending)) return;
  if (product.predefined.empty()) product.predefined = predefined_of(reader.get(product.type_object));
  type.remove_suffix(ending.size());
  const IfcClass finer = ifc_class(type);
  if (!is_general(product.kind) || (finer.role != IfcRole::equipment && finer.role != IfcRole::device)) return;
  product.kind.role = finer.role;
  product.kind.category = finer.category;
}

}  // namespace

const IfcProduct* IfcStructure::find(uint64_t id) const {
  const auto found = places_.find(id);
  return found == places_.end() ? nullptr : &products_[found->second];
}
IfcProduct* IfcStructure::at(uint64_t id) {
  const auto found = places_.find(id);
  return found == places_.end() ? nullptr : &products_[found->second];
}

void IfcStructure::read_products(const IfcReader& reader) {
  const StepFile& file = reader.file();
  std::vector<std::pair<uint64_t, std::string_view>> found;
  for (const auto& [type, count] : file.types()) {
    if (is_left_out(type)) continue;
    const IfcClass kind = ifc_class(type);
    const bool is_known = kind.name != type;
    size_t misses = 0;
    for (const uint64_t id : file.of_type(type)) {
      // Of types that we do not know, a look at some instances tells products from all else.
      if (!is_known && !looks_like_product(file, file.find(id))) {
        if (++misses == 5) break;
        continue;
      }
      found.emplace_back(id, type);
    }
  }
  std::sort(found.begin(), found.end());
  for (const auto& [id, type] : found) {
    if (products_.size() >= products_max) {
      reader.warn(id, "the file has more products than are taken");
      return;
    }
    const StepInstance instance = reader.get(id);
    if (!instance) continue;
    IfcProduct product;
    product.id = id;
    product.type = type;
    product.kind = ifc_class(type);
    product.guid = text_of(instance[0]);
    if (product.guid.empty()) {
      reader.warn(id, std::string(type) + " has no GlobalId: left out");
      continue;
    }
    product.owner_history = instance[1].reference();
    product.name = text_of(instance[2]);
    product.description = text_of(instance[3]);
    product.object_type = text_of(instance[4]);
    product.placement = instance[5].reference();
    product.representation = instance[6].reference();
    product.label = text_of(instance[7]);
    product.predefined = predefined_of(instance);
    if (product.kind.category == "slab" && product.predefined == "ROOF") product.kind.category = "roof";
    places_.emplace(id, products_.size());
    products_.push_back(std::move(product));
  }
}

void IfcStructure::read_relations(const IfcReader& reader) {
  const StepFile& file = reader.file();
  const auto each = [&](std::string_view type, const auto& take) {
    for (const uint64_t id : file.of_type(type)) {
      if (const StepInstance relation = reader.get(id)) take(relation);
    }
  };
  for (std::string_view type : {"IFCRELAGGREGATES", "IFCRELNESTS"}) {
    each(type, [&](const StepInstance& relation) {
      for (const StepValue part : relation[5]) {
        if (IfcProduct* product = at(part.reference()); product != nullptr) product->parent = relation[4].reference();
      }
    });
  }
  each("IFCRELCONTAINEDINSPATIALSTRUCTURE", [&](const StepInstance& relation) {
    for (const StepValue part : relation[4]) {
      if (IfcProduct* product = at(part.reference()); product != nullptr) product->container = relation[5].reference();
    }
  });
  each("IFCRELVOIDSELEMENT", [&](const StepInstance& relation) {
    IfcProduct* host = at(relation[4].reference());
    IfcProduct* opening = at(relation[5].reference());
    if (host == nullptr || opening == nullptr) return reader.warn(relation.id, "an opening or its wall is not there");
    opening->host = host->id;
    host->openings.push_back(opening->id);
  });
  each("IFCRELFILLSELEMENT", [&](const StepInstance& relation) {
    IfcProduct* opening = at(relation[4].reference());
    IfcProduct* filling = at(relation[5].reference());
    if (filling == nullptr || opening == nullptr)
      return reader.warn(relation.id, "an opening or what fills it is not there");
    opening->filling = filling->id;
    filling->host = opening->host;
  });
  const auto give = [&](std::string_view type, const auto& take) {
    each(type, [&](const StepInstance& relation) {
      for (const StepValue object : relation[4]) {
        if (IfcProduct* product = at(object.reference()); product != nullptr) take(*product, relation[5]);
      }
    });
  };
  give("IFCRELDEFINESBYPROPERTIES", [&](IfcProduct& product, const StepValue& sets) {
    if (product.property_sets.size() > 1'000) return;
    if (sets.reference() != 0) product.property_sets.push_back(sets.reference());
    for (const StepValue set : sets.inner()) product.property_sets.push_back(set.reference());
  });
  give("IFCRELDEFINESBYTYPE", [&](IfcProduct& product, const StepValue& type) {
    product.type_object = type.reference();
    learn_from_type(reader, product);
  });
  give("IFCRELASSOCIATESMATERIAL",
       [](IfcProduct& product, const StepValue& material) { product.material = material.reference(); });
  for (std::string_view type : {"IFCRELSPACEBOUNDARY", "IFCRELSPACEBOUNDARY1STLEVEL", "IFCRELSPACEBOUNDARY2NDLEVEL"}) {
    each(type, [&](const StepInstance& relation) {
      if (at(relation[4].reference()) == nullptr) return;
      boundaries_.push_back({relation[4].reference(), relation[5].reference(), relation[7].enumeration() == "VIRTUAL"});
    });
  }
}

// Whoever comes back to itself on the way up is cut off there.
void IfcStructure::cut_circles(const IfcReader& reader) {
  for (IfcProduct& product : products_) {
    for (uint64_t* up : {&product.parent, &product.container}) {
      if (*up != 0 && at(*up) == nullptr) {
        if (reader.file().type_of(*up) != "IFCPROJECT")
          reader.warn(product.id, "it belongs to " + instance_name(*up) + ", which is no product of the file");
        *up = 0;
      }
    }
    size_t steps = 0;
    for (const IfcProduct* one = &product; one != nullptr;
         one = find(one->parent != 0 ? one->parent : one->container)) {
      if (++steps < 100) continue;
      reader.warn(product.id, "it belongs to itself over others: cut off");
      product.parent = product.container = 0;
      break;
    }
  }
  for (const IfcProduct& product : products_) {
    if (IfcProduct* parent = at(product.parent); parent != nullptr) parent->parts.push_back(product.id);
  }
}

IfcStructure IfcStructure::read(const IfcReader& reader) {
  IfcStructure structure;
  structure.read_products(reader);
  structure.read_relations(reader);
  structure.cut_circles(reader);
  return structure;
}

const IfcProduct* IfcStructure::ancestor(const IfcProduct& product, IfcRole role) const {
  size_t steps = 0;
  for (const IfcProduct* one = &product; one != nullptr && ++steps < 128;) {
    if (one->kind.role == role) return one;
    // What stands in a storey on its own counts before what it is a part of.
    one = find(one->container != 0 ? one->container : one->parent != 0 ? one->parent : one->host);
  }
  return nullptr;
}

}  // namespace cityloom::space
