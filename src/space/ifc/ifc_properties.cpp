// Values become JSON where they are read; measures are turned to SI by their type's name.
#include "space/ifc/ifc_properties.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <cmath>

namespace cityloom::space {
namespace {

constexpr size_t properties_max = 2'000;  // of one set
constexpr size_t list_max = 200;
constexpr size_t text_bytes_max = 2'000;

double factor_of(std::string_view type, const IfcUnits& units) {
  if (type == "IFCLENGTHMEASURE" || type == "IFCPOSITIVELENGTHMEASURE" || type == "IFCNONNEGATIVELENGTHMEASURE")
    return units.length_m;
  if (type == "IFCAREAMEASURE") return units.area_m2;
  if (type == "IFCVOLUMEMEASURE") return units.volume_m3;
  if (type == "IFCPLANEANGLEMEASURE" || type == "IFCPOSITIVEPLANEANGLEMEASURE")
    return units.angle_rad * 180 / 3.14159265358979323846;
  return 1;
}

IfcProperty value_of(const StepValue& value, const IfcUnits& units) {
  IfcProperty property;
  const StepValue inner = value.inner();
  if (inner.is_number()) {
    // Twelve digits: what is beyond is the writer's arithmetic.
    double number = inner.number() * factor_of(value.type(), units);
    if (number != 0 && std::isfinite(number)) {
      const double scale = std::pow(10.0, 11 - std::floor(std::log10(std::abs(number))));
      if (std::isfinite(scale) && std::isfinite(number * scale)) number = std::round(number * scale) / scale;
    }
    if (!std::isfinite(number)) return property;
    property.number = number;
    property.json = json_number(number);
  } else if (inner.kind() == StepKind::text) {
    property.text = inner.text().substr(0, text_bytes_max);
    property.json = json_text(property.text);
  } else if (const auto boolean = inner.boolean()) {
    property.json = *boolean ? "true" : "false";
    property.text = property.json;
  } else if (!inner.enumeration().empty()) {
    property.text = std::string(inner.enumeration());
    property.json = json_text(property.text);
  }
  return property;
}

IfcProperty list_of(const StepValue& list, const IfcUnits& units) {
  IfcProperty property;
  std::string json;
  size_t count = 0;
  for (const StepValue value : list) {
    if (++count > list_max) break;
    const IfcProperty one = value_of(value, units);
    if (one.json.empty()) continue;
    json += (json.empty() ? "" : ",") + one.json;
    if (!one.text.empty()) property.text += (property.text.empty() ? "" : ", ") + one.text;
  }
  if (!json.empty()) property.json = count == 1 ? json : "[" + json + "]";
  return property;
}

// IfcPropertySingleValue(Name, Description, NominalValue, Unit) and its kin.
IfcProperty property_of(const StepInstance& instance, const IfcUnits& units) {
  if (instance.type == "IFCPROPERTYSINGLEVALUE") return value_of(instance[2], units);
  if (instance.type == "IFCPROPERTYENUMERATEDVALUE" || instance.type == "IFCPROPERTYLISTVALUE")
    return list_of(instance[2], units);
  if (instance.type == "IFCPROPERTYBOUNDEDVALUE") {
    const IfcProperty high = value_of(instance[2], units), low = value_of(instance[3], units);
    IfcProperty property;
    if (!high.json.empty() || !low.json.empty())
      property.json = "{\"from\":" + (low.json.empty() ? "null" : low.json) +
                      ",\"to\":" + (high.json.empty() ? "null" : high.json) + "}";
    return property;
  }
  return {};
}

// IfcQuantityArea(Name, Description, Unit, AreaValue ...)
IfcProperty quantity_of(const StepInstance& instance, const IfcUnits& units) {
  double factor = 1;
  if (instance.type == "IFCQUANTITYLENGTH") factor = units.length_m;
  if (instance.type == "IFCQUANTITYAREA") factor = units.area_m2;
  if (instance.type == "IFCQUANTITYVOLUME") factor = units.volume_m3;
  IfcProperty property;
  const double number = instance[3].number() * factor;
  if (!instance.type.starts_with("IFCQUANTITY") || !std::isfinite(number)) return property;
  property.number = number;
  property.json = json_number(number);
  return property;
}

}  // namespace

std::string json_text(std::string_view text) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
  return {buffer.GetString(), buffer.GetSize()};
}

std::string json_number(double number) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  if (number == std::floor(number) && std::abs(number) < 9e15) {
    writer.Int64(static_cast<int64_t>(number));
  } else {
    writer.Double(number);
  }
  return {buffer.GetString(), buffer.GetSize()};
}

const IfcProperty* IfcProperties::find(std::string_view name) const {
  for (const bool standard : {true, false}) {
    for (const auto& [set, values] : sets) {
      if (set.starts_with("Pset_") != standard) continue;
      const auto found = values.find(std::string(name));
      if (found != values.end() && !found->second.json.empty()) return &found->second;
    }
  }
  return nullptr;
}

std::optional<double> IfcProperties::quantity(std::initializer_list<std::string_view> names) const {
  for (std::string_view name : names) {
    for (const auto& [set, values] : quantities) {
      const auto found = values.find(std::string(name));
      if (found != values.end() && found->second.number) return found->second.number;
    }
  }
  return {};
}

const IfcPropertyReader::Set& IfcPropertyReader::set(uint64_t id) {
  const auto known = sets_.find(id);
  if (known != sets_.end()) return known->second;
  Set& made = sets_[id];
  const StepInstance instance = reader_.get(id);
  made.is_quantities = instance.type == "IFCELEMENTQUANTITY";
  if (!made.is_quantities && instance.type != "IFCPROPERTYSET") return made;
  made.name = instance[2].text().substr(0, text_bytes_max);
  size_t count = 0, areas = 0;
  for (const StepValue reference : instance[made.is_quantities ? 5 : 4]) {
    if (++count > properties_max) break;
    const StepInstance one = reader_.get(reference);
    if (!one) continue;
    IfcProperty property = made.is_quantities ? quantity_of(one, reader_.units()) : property_of(one, reader_.units());
    if (property.json.empty() || property.json == "\"\"") continue;
    if (one.type == "IFCQUANTITYAREA" && ++areas == 1) made.only_area = property.number;
    made.values.emplace(one[0].text().substr(0, text_bytes_max), std::move(property));
  }
  if (areas > 1) made.only_area.reset();
  return made;
}

void IfcPropertyReader::add(uint64_t id, IfcProperties& to) {
  const Set& one = set(id);
  if (one.name.empty() || one.values.empty()) return;
  auto& target = (one.is_quantities ? to.quantities : to.sets)[one.name];
  for (const auto& [name, property] : one.values) target.emplace(name, property);
  if (one.only_area && !to.only_area) to.only_area = one.only_area;
}

IfcProperties IfcPropertyReader::read(const IfcProduct& product) {
  IfcProperties properties;
  for (const uint64_t id : product.property_sets) add(id, properties);
  // IfcTypeObject(..., ApplicableOccurrence, HasPropertySets, ...)
  if (const StepInstance type = reader_.get(product.type_object)) {
    for (const StepValue reference : type[5]) add(reference.reference(), properties);
  }
  return properties;
}

void IfcPropertyReader::add_materials(uint64_t id, size_t depth, std::vector<IfcMaterialLayer>& to) const {
  if (depth == 0 || to.size() > 100) return;
  const StepInstance instance = reader_.get(id);
  const auto each = [&](const StepValue& list) {
    for (const StepValue reference : list) add_materials(reference.reference(), depth - 1, to);
  };
  const std::string_view type = instance.type;
  if (type == "IFCMATERIAL") {
    if (std::string name = instance[0].text().substr(0, text_bytes_max); !name.empty())
      to.push_back({std::move(name), 0});
  } else if (type == "IFCMATERIALLAYER" || type == "IFCMATERIALLAYERWITHOFFSETS") {
    const size_t before = to.size();
    add_materials(instance[0].reference(), depth - 1, to);
    const double thickness = instance[1].number(0) * reader_.units().length_m;
    if (to.size() > before && thickness > 0 && thickness < 1e4) to[before].thickness_m = thickness;
  } else if (type == "IFCMATERIALLAYERSETUSAGE" || type == "IFCMATERIALPROFILESETUSAGE" ||
             type == "IFCMATERIALPROFILESETUSAGETAPERING") {
    add_materials(instance[0].reference(), depth - 1, to);
  } else if (type == "IFCMATERIALLAYERSET" || type == "IFCMATERIALLIST") {
    each(instance[0]);
  } else if (type == "IFCMATERIALCONSTITUENTSET" || type == "IFCMATERIALPROFILESET") {
    each(instance[2]);
  } else if (type == "IFCMATERIALCONSTITUENT" || type == "IFCMATERIALPROFILE" ||
             type == "IFCMATERIALPROFILEWITHOFFSETS") {
    add_materials(instance[2].reference(), depth - 1, to);
  }
}

std::vector<IfcMaterialLayer> IfcPropertyReader::materials(const IfcProduct& product, size_t depth) const {
  std::vector<IfcMaterialLayer> layers;
  if (product.material != 0) add_materials(product.material, depth, layers);
  return layers;
}

}  // namespace cityloom::space
