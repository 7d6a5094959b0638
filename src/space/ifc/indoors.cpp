// Records to the inside of a building.
#include "space/ifc/indoors.hpp"

#include <rapidjson/document.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;

constexpr double reach_m = 500;
constexpr std::string_view vocabulary = "https://uri.etsi.org/ngsi-ld/default-context/";

// The attributes that we read, looked up once.
struct Terms {
  explicit Terms(const twin::TermTable& table) : table_(table) {}
  twin::Term operator()(std::string_view name) const {
    return table_.find(std::string(vocabulary) + std::string(name));
  }

 private:
  const twin::TermTable& table_;
};

class RecordReader {
 public:
  RecordReader(const twin::Entity& entity, const Terms& terms) : entity_(entity), terms_(terms) {}

  const twin::Value* value(std::string_view name) const {
    const twin::Attribute* found = entity_.find(terms_(name));
    return found == nullptr ? nullptr : &found->value;
  }
  std::string text(std::string_view name) const {
    const twin::Value* found = value(name);
    const auto* text = found == nullptr ? nullptr : std::get_if<std::string>(found);
    return text == nullptr ? std::string() : *text;
  }
  std::optional<double> number(std::string_view name) const {
    const twin::Value* found = value(name);
    const double number = found == nullptr ? std::numeric_limits<double>::quiet_NaN() : twin::as_number(*found);
    return std::isfinite(number) ? std::optional(number) : std::nullopt;
  }
  const twin::Geometry* geometry(std::string_view name) const {
    const twin::Attribute* found = entity_.find(name == "location" ? twin::terms::location : terms_(name));
    return found == nullptr ? nullptr : std::get_if<twin::Geometry>(&found->value);
  }
  // One id or a list of them.
  std::vector<std::string> ids(std::string_view name) const;
  // Without language, else Korean, English, any.
  std::string name() const;

 private:
  const twin::Entity& entity_;
  const Terms& terms_;
};

std::vector<std::string> RecordReader::ids(std::string_view name) const {
  std::vector<std::string> ids;
  const twin::Value* found = value(name);
  if (found == nullptr) return ids;
  if (const auto* text = std::get_if<std::string>(found)) ids.push_back(*text);
  if (const auto* json = std::get_if<twin::Json>(found)) {
    rapidjson::Document document;
    document.Parse(json->text.data(), json->text.size());
    if (document.HasParseError() || !document.IsArray()) return ids;
    for (const auto& one : document.GetArray()) {
      if (one.IsString()) ids.emplace_back(one.GetString(), one.GetStringLength());
    }
  }
  return ids;
}

std::string RecordReader::name() const {
  const twin::Value* found = value("name");
  const auto* json = found == nullptr ? nullptr : std::get_if<twin::Json>(found);
  if (json == nullptr) return text("name");
  rapidjson::Document document;
  document.Parse(json->text.data(), json->text.size());
  if (document.HasParseError() || !document.IsObject()) return {};
  for (const char* language : {"@none", "ko", "en"}) {
    const auto member = document.FindMember(language);
    if (member != document.MemberEnd() && member->value.IsString()) return member->value.GetString();
  }
  for (const auto& member : document.GetObject()) {
    if (member.value.IsString()) return member.value.GetString();
  }
  return {};
}

IndoorThing thing_of(const twin::Entity& entity, std::string_view type, const Terms& terms, bool with_body) {
  const RecordReader record(entity, terms);
  IndoorThing thing;
  thing.id = entity.id;
  thing.type = type;
  thing.category = record.text("category");
  if (thing.category.empty()) thing.category = record.text("kind");
  thing.name = record.name();
  thing.number = record.text("number");
  thing.storey = record.text("onStorey");
  thing.material = record.text("material");
  thing.colour = record.text("colour");
  thing.transparency = record.number("transparency").value_or(0);
  thing.area_m2 = record.number("area");
  thing.height_m = record.number("height");
  thing.connects = record.ids("connects");
  thing.opens_to = record.ids("opensTo");
  if (const twin::Geometry* location = record.geometry("location");
      location != nullptr && !location->positions.empty()) {
    thing.location = *location;
    thing.base_m = location->positions.front().has_height() ? location->positions.front().height_m : 0;
  }
  if (with_body) {
    if (const twin::Geometry* body = record.geometry("body"); body != nullptr) thing.body = *body;
  }
  return thing;
}

}  // namespace

const IndoorThing* IndoorModel::find(std::string_view thing_id) const {
  const auto found =
      std::find_if(things.begin(), things.end(), [&](const IndoorThing& one) { return one.id == thing_id; });
  return found == things.end() ? nullptr : &*found;
}

base::Result<IndoorModel> read_indoors(const thread::Snapshot& snapshot, const twin::TermTable& table,
                                       std::string_view building_id, bool with_bodies) {
  const auto building = snapshot.find(building_id);
  if (!building) return building.error();
  if (!building->exists() || building->ended())
    return fail(Code::not_found, "there is no such building", std::string(building_id));
  const Terms terms(table);
  IndoorModel model;
  model.id = building_id;
  const twin::Entity entity = building->unpack();
  const RecordReader record(entity, terms);
  model.name = record.name();
  const twin::Term in_building = terms("inBuilding");
  constexpr std::array<std::string_view, 5> types{"BuildingStorey", "Room", "BuildingElement", "Equipment", "Device"};
  for (std::string_view type : types) {
    twin::Query query;
    query.types.any_of = {{terms(type)}};
    if (const twin::Geometry* location = record.geometry("location");
        location != nullptr && !location->positions.empty()) {
      twin::GeoQuery near;
      near.reference = twin::Geometry::point(twin::centre_of(*location));
      near.distance_max_m = reach_m;
      query.geo = std::move(near);
    }
    auto status = snapshot.each(query, [&](const twin::EntityRecord& found) {
      bool is_inside = false;
      found.each_attribute(in_building, [&](const twin::Attribute& attribute) {
        const auto* id = std::get_if<std::string>(&attribute.value);
        is_inside = is_inside || (id != nullptr && *id == building_id);
        return true;
      });
      if (!is_inside) return true;
      const twin::Entity one = found.unpack();
      if (type != types.front()) {
        model.things.push_back(thing_of(one, type, terms, with_bodies));
        return true;
      }
      const RecordReader storey(one, terms);
      model.storeys.push_back({one.id, storey.name(), storey.number("order").value_or(0), storey.number("elevation"),
                               storey.number("height"), 0, 0});
      return true;
    });
    if (!status) return std::move(status).error();
  }
  std::sort(model.storeys.begin(), model.storeys.end(), [](const IndoorStorey& a, const IndoorStorey& b) {
    return a.order != b.order ? a.order < b.order : a.id < b.id;
  });
  std::sort(model.things.begin(), model.things.end(),
            [](const IndoorThing& a, const IndoorThing& b) { return a.id < b.id; });
  for (IndoorStorey& storey : model.storeys) {
    for (const IndoorThing& thing : model.things) {
      if (thing.storey == storey.id) ++(thing.type == "Room" ? storey.rooms : storey.things);
    }
  }
  return model;
}

}  // namespace cityloom::space
