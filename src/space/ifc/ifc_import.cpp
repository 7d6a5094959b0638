// Rooms first, so that doors and stairs can say what they join; then elements; last what is made of them.
#include "space/ifc/ifc_import.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "space/byte_source.hpp"
#include "space/ifc/ifc_entity.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;
using base::Status;

constexpr size_t envelope_points_max = 100'000;

base::Result<std::string> read_all(const ImportInput& input, const StepLimits& limits, ImportBatch& batch) {
  auto source = input.open();
  if (!source) return std::move(source).error();
  std::string bytes;
  for (size_t block = 1 << 20;;) {
    const size_t have = bytes.size();
    bytes.resize(have + block);
    const auto count = source->read(bytes.data() + have, block);
    if (!count) return count.error();
    bytes.resize(have + *count);
    if (*count == 0) return bytes;
    if (bytes.size() > limits.bytes_max)
      return fail(Code::too_large, "The building model is larger than " + std::to_string(limits.bytes_max) + " bytes",
                  input.name);
    batch.show_progress(source->offset() / 2, source->size());
    if (batch.is_cancelled())
      return fail(Code::cancelled, "The import was stopped before anything was written", input.name);
  }
}

// A part of what can be seen of a building from outside, and what it is there; empty: inside.
std::string_view envelope_surface(const IfcProduct& product) {
  const std::string& category = product.kind.category;
  if (product.kind.role != IfcRole::element) return {};
  if (category == "wall" || category == "curtainWall" || category == "column") return "wall";
  if (category == "roof") return "roof";
  if (category == "slab" || category == "footing") return "floor";
  if (category == "window") return "window";
  if (category == "door") return "door";
  if (category == "railing" || category == "chimney" || category == "plate" || category == "member" ||
      category == "beam" || category == "stair" || category == "ramp")
    return "installation";
  return {};
}

// What is known of a building while its parts are read.
struct Envelope {
  IfcShape shape;
  std::vector<std::pair<std::string, size_t>> surfaces;
  size_t points = 0;
  bool is_full = false;
};

class ModelImport {
 public:
  ModelImport(IfcReader& reader, const IfcStructure& structure, const IfcGeoreference& georeference, ImportBatch& batch,
              uint64_t bytes)
      : reader_(reader),
        structure_(structure),
        georeference_(georeference),
        batch_(batch),
        solids_(reader),
        writer_(reader, structure, georeference, batch),
        bytes_(bytes) {}

  Status run();

 private:
  base::Result<IfcShape> shape_of(const IfcProduct& product);
  void cut_openings(const IfcProduct& product, IfcShape& shape);
  void read_storeys();
  void read_rooms();
  Status write_rooms();
  Status write_elements();
  Status write_element(const IfcProduct& product);
  Status write_storey(const IfcProduct& product);
  Status write_whole(const IfcProduct& product);
  Status write_rest();
  void connect(EntityStatement& statement, const IfcProduct& product, const IfcPlan& plan);
  void element_measures(EntityStatement& statement, const IfcProduct& product, const IfcPlan& plan);
  void note(const IfcProduct& product, const IfcPlan& plan);
  void note_envelope(const IfcProduct& product, IfcShape shape);
  double own_z(const IfcProduct& product, double otherwise);
  std::vector<std::string> room_ids(const std::vector<size_t>& places) const;
  void address(EntityStatement& statement, const StepInstance& address) const;
  bool goes_on();

  IfcReader& reader_;
  const IfcStructure& structure_;
  const IfcGeoreference& georeference_;
  ImportBatch& batch_;
  IfcSolids solids_;
  IfcEntityWriter writer_;
  uint64_t bytes_;
  size_t done_ = 0;
  std::vector<IfcRoomPlan> rooms_;
  std::map<uint64_t, std::vector<PlaneArea>> floors_;  // of rooms
  std::map<uint64_t, IfcShape> room_shapes_;
  std::vector<IfcPlan> walls_;
  std::map<uint64_t, IfcPlan> sums_;  // of all that stands in a storey, building ... : plans and bounds
  std::map<uint64_t, Envelope> envelopes_;
  std::map<uint64_t, std::vector<std::pair<double, uint64_t>>> storeys_;  // of a building, from below
  std::map<uint64_t, std::vector<size_t>> bounded_;                       // rooms that the file says an element bounds
  std::set<uint64_t> later_;  // elements that are only what they are made of
};

bool ModelImport::goes_on() {
  ++done_;
  if (done_ % 16 == 0)
    batch_.show_progress(bytes_ / 2 + bytes_ / 2 * done_ / (structure_.products().size() + 1), bytes_);
  return !batch_.is_cancelled();
}

// A product's shape in the project's frame, without its openings.
base::Result<IfcShape> ModelImport::shape_of(const IfcProduct& product) {
  if (product.representation == 0) return IfcShape{};
  auto placement = reader_.object_placement(product.placement);
  if (!placement) return std::move(placement).error();
  auto shape = solids_.product_shape(product.representation);
  if (!shape) return shape;
  shape->move(*placement);
  return shape;
}

void ModelImport::cut_openings(const IfcProduct& product, IfcShape& shape) {
  if (shape.empty() || !shape.is_closed) return;
  IfcBounds bounds;
  bounds.add(shape);
  for (const uint64_t id : product.openings) {
    const IfcProduct* opening = structure_.find(id);
    if (opening == nullptr) continue;
    auto hole = shape_of(*opening);
    if (hole && (hole->empty() || !hole->is_closed)) {
      if (!hole->empty()) reader_.warn(id, "an opening is no closed solid: the wall stays whole there");
      continue;
    }
    auto cut = hole ? solids_.combined(shape, *hole, SolidOperation::difference) : hole;
    if (!cut) {
      reader_.warn(id, "an opening was not cut: " + cut.error().text());
    } else if (cut->empty()) {
      reader_.warn(id, "an opening takes away all of " + instance_name(product.id) + ": not cut");
    } else {
      shape = std::move(*cut);
    }
  }
}

void ModelImport::read_storeys() {
  for (const IfcProduct& product : structure_.products()) {
    if (product.kind.role == IfcRole::storey) storeys_[product.parent].emplace_back(own_z(product, 0), product.id);
  }
  for (auto& [parent, storeys] : storeys_) std::sort(storeys.begin(), storeys.end());
}

void ModelImport::read_rooms() {
  for (const IfcProduct& product : structure_.products()) {
    if (product.kind.role != IfcRole::room) continue;
    auto shape = shape_of(product);
    if (!shape) reader_.warn(product.id, shape.error().text());
    const IfcProduct* storey = structure_.ancestor(product, IfcRole::storey);
    IfcRoomPlan room{product.id, storey == nullptr ? 0 : storey->id, {}};
    if (shape && !shape->empty()) {
      room.plan = plan_of(*shape);
      floors_[product.id] = floor_of(*shape);
      note(product, room.plan);
      room_shapes_[product.id] = std::move(*shape);
    }
    rooms_.push_back(std::move(room));
  }
  std::map<uint64_t, size_t> places;
  for (size_t i = 0; i < rooms_.size(); ++i) places.emplace(rooms_[i].id, i);
  for (const IfcBoundary& boundary : structure_.boundaries()) {
    const auto place = places.find(boundary.room);
    if (boundary.element == 0 || place == places.end()) continue;
    std::vector<size_t>& rooms = bounded_[boundary.element];
    if (rooms.size() < 100 && std::find(rooms.begin(), rooms.end(), place->second) == rooms.end())
      rooms.push_back(place->second);
  }
}

// Adds a plan to the sums of all that it stands in.
void ModelImport::note(const IfcProduct& product, const IfcPlan& plan) {
  if (plan.empty()) return;
  const bool counts = product.kind.category == "wall" || product.kind.category == "slab" ||
                      product.kind.category == "roof" || product.kind.category == "curtainWall" ||
                      product.kind.role == IfcRole::room || product.kind.category == "pavement" ||
                      product.kind.category == "kerb" || product.kind.category == "stair";
  size_t steps = 0;
  for (const IfcProduct* one = &product; one != nullptr && ++steps < 100;) {
    one = structure_.find(one->container != 0 ? one->container : one->parent);
    if (one == nullptr) break;
    IfcPlan& sum = sums_[one->id];
    // A room may reach above the roof that it stands on; a building does not.
    if (product.kind.role != IfcRole::room || one->kind.role == IfcRole::storey) {
      sum.bounds.add(plan.bounds.low);
      sum.bounds.add(plan.bounds.high);
    }
    if (!counts && one->kind.role != IfcRole::element) continue;
    sum.areas.insert(sum.areas.end(), plan.areas.begin(), plan.areas.end());
    if (sum.areas.size() > 64) sum.areas = united(sum.areas, 1e-3);
  }
}

void ModelImport::note_envelope(const IfcProduct& product, IfcShape shape) {
  const std::string_view surface = envelope_surface(product);
  if (surface.empty() || shape.empty()) return;
  const IfcProduct* building = structure_.ancestor(product, IfcRole::building);
  if (building == nullptr) return;
  Envelope& envelope = envelopes_[building->id];
  const size_t points = shape.point_count();
  if (envelope.points + points > envelope_points_max) {
    if (!envelope.is_full)
      reader_.warn(building->id, "its outside has more than " + std::to_string(envelope_points_max) +
                                     " corners: drawn without the rest");
    envelope.is_full = true;
    return;
  }
  envelope.points += points;
  if (!envelope.surfaces.empty() && envelope.surfaces.back().first == surface) {
    envelope.surfaces.back().second += shape.faces.size();
  } else {
    envelope.surfaces.emplace_back(surface, shape.faces.size());
  }
  envelope.shape.add(std::move(shape));
}

std::vector<std::string> ModelImport::room_ids(const std::vector<size_t>& places) const {
  std::vector<std::string> ids;
  for (const size_t place : places) ids.push_back(ifc_entity_id(*structure_.find(rooms_[place].id)));
  return ids;
}

// What a door or stair joins. The file's own space boundaries count before where things stand.
void ModelImport::connect(EntityStatement& statement, const IfcProduct& product, const IfcPlan& plan) {
  const bool is_stair = product.kind.category == "stair" || product.kind.category == "ramp";
  if (product.kind.category != "door" && !is_stair) return;
  std::vector<size_t> joined = is_stair ? rooms_at_stair(rooms_, plan) : rooms_at_door(rooms_, plan);
  if (!is_stair) {
    std::vector<size_t> stated;
    if (const auto found = bounded_.find(product.id); found != bounded_.end()) stated = found->second;
    // A door in a corner bounds three rooms and joins two: the nearest of those stated.
    std::vector<size_t> nearest;
    for (const size_t place : joined) {
      if (std::find(stated.begin(), stated.end(), place) != stated.end()) nearest.push_back(place);
    }
    if (stated.size() > 2 && nearest.size() == 2) {
      joined = nearest;
    } else if (stated.size() >= 2 || (stated.size() == 1 && joined.empty())) {
      joined = stated;
    }
  }
  writer_.related(statement, "connects", room_ids(joined));
}

void ModelImport::element_measures(EntityStatement& statement, const IfcProduct& product, const IfcPlan& plan) {
  if (product.kind.category == "door" || product.kind.category == "window") {
    const StepInstance instance = reader_.get(product.id);
    statement.number("height", instance[8].number() * reader_.units().length_m, "MTR");
    statement.number("width", instance[9].number() * reader_.units().length_m, "MTR");
  }
  if (!plan.empty())
    statement.number("height", std::round((plan.bounds.high.z - plan.bounds.low.z) * 1e4) / 1e4, "MTR");
  const auto stated = writer_.properties().quantity({"NetVolume", "GrossVolume", "Volume"});
  if (stated) {
    statement.number("volume", *stated, "MTQ");
    statement.member("volumeSource", "quantity");
  } else if (plan.volume_m3 > 1e-6) {
    statement.number("volume", std::round(plan.volume_m3 * 1e6) / 1e6, "MTQ");
    statement.member("volumeSource", "computed");
  }
}

Status ModelImport::write_element(const IfcProduct& product) {
  auto shape = shape_of(product);
  if (!shape) {
    reader_.warn(product.id, product.kind.name + " has no shape: " + shape.error().text());
    shape = IfcShape{};
  }
  cut_openings(product, *shape);
  const IfcPlan plan = plan_of(*shape);
  note(product, plan);
  if (plan.empty() && !product.parts.empty()) {
    later_.insert(product.id);  // when its parts are known
    return {};
  }
  if (product.kind.category == "wall" || product.kind.category == "curtainWall") walls_.push_back(plan);
  EntityStatement statement = writer_.begin(product);
  writer_.location(statement, plan, plan.empty() ? own_z(product, 0) : plan.bounds.low.z);
  connect(statement, product, plan);
  element_measures(statement, product, plan);
  writer_.colour(statement, *shape);
  writer_.body(statement, *shape, "4", {});
  note_envelope(product, std::move(*shape));
  return statement.finish();
}

Status ModelImport::write_elements() {
  for (const IfcProduct& product : structure_.products()) {
    const IfcRole role = product.kind.role;
    if (role != IfcRole::element && role != IfcRole::equipment && role != IfcRole::device) continue;
    if (!goes_on())
      return fail(Code::cancelled, "The import was stopped; " + progress_text(batch_.report()), batch_.file());
    if (auto status = write_element(product); !status) return status;
  }
  return {};
}

Status ModelImport::write_rooms() {
  std::map<uint64_t, std::vector<std::string>> open;
  for (const auto& [a, b] : open_rooms(rooms_, walls_)) {
    open[rooms_[a].id].push_back(ifc_entity_id(*structure_.find(rooms_[b].id)));
    open[rooms_[b].id].push_back(ifc_entity_id(*structure_.find(rooms_[a].id)));
  }
  for (const IfcRoomPlan& room : rooms_) {
    const IfcProduct& product = *structure_.find(room.id);
    EntityStatement statement = writer_.begin(product);
    IfcPlan floor = room.plan;
    if (const auto found = floors_.find(room.id); found != floors_.end()) floor.areas = found->second;
    writer_.location(statement, floor, room.plan.empty() ? own_z(product, 0) : room.plan.bounds.low.z);
    const double computed = std::round(area_m2(floor.areas) * 1e4) / 1e4;
    const IfcProperties& properties = writer_.properties();
    const auto rounded = [](double value) { return std::round(value * 1e4) / 1e4; };
    const auto stated = properties.quantity({"NetFloorArea", "NetArea", "Area"});
    const IfcProperty* property = properties.find("Area");
    const bool has_property = property != nullptr && property->number.value_or(0) > 0;
    // Net before gross: what one walks on, not what is rented.
    const auto gross =
        properties.only_area ? properties.only_area : properties.quantity({"GrossFloorArea", "GrossArea"});
    statement.number("area",
                     rounded(stated         ? *stated
                             : has_property ? *property->number
                             : computed > 0 ? computed
                                            : gross.value_or(0)),
                     "MTK");
    statement.member("areaSource", stated         ? "quantity"
                                   : has_property ? "property"
                                   : computed > 0 ? "computed"
                                                  : "quantity");
    if (computed > 0) statement.number("computedArea", computed, "MTK");
    if (gross && gross != stated) statement.number("grossArea", rounded(*gross), "MTK");
    element_measures(statement, product, room.plan);
    writer_.related(statement, "opensTo", open[room.id]);
    if (const auto shape = room_shapes_.find(room.id); shape != room_shapes_.end())
      writer_.body(statement, shape->second, "4", {});
    if (auto status = statement.finish(); !status) return status;
  }
  return {};
}

double ModelImport::own_z(const IfcProduct& product, double otherwise) {
  const auto placement = reader_.object_placement(product.placement);
  return placement ? placement->origin.z : otherwise;
}

Status ModelImport::write_storey(const IfcProduct& product) {
  EntityStatement statement = writer_.begin(product);
  const double z = own_z(product, 0);
  IfcPlan plan = sums_[product.id];
  plan.areas = united(plan.areas, 1e-3);
  writer_.location(statement, plan, z);
  statement.number("elevation", std::round(z * 1e4) / 1e4, "MTR");
  const auto& order = storeys_[product.parent];
  const auto here = std::find_if(order.begin(), order.end(), [&](const auto& one) { return one.second == product.id; });
  statement.number("order", static_cast<double>(here - order.begin()));
  const auto next = std::find_if(here, order.end(), [&](const auto& one) { return one.first > z + 0.1; });
  if (next != order.end()) {
    statement.number("height", std::round((next->first - z) * 1e4) / 1e4, "MTR");
  } else if (!plan.empty() && plan.bounds.high.z > z) {
    statement.number("height", std::round((plan.bounds.high.z - z) * 1e4) / 1e4, "MTR");
  }
  return statement.finish();
}

// IfcPostalAddress(..., InternalLocation, AddressLines, PostalBox, Town, Region, PostalCode, Country)
void ModelImport::address(EntityStatement& statement, const StepInstance& address) const {
  if (address.type != "IFCPOSTALADDRESS") return;
  std::string street, json;
  for (const StepValue line : address[4]) street += (street.empty() || line.text().empty() ? "" : ", ") + line.text();
  // What Revit writes where nobody wrote anything.
  if (street.starts_with("Enter address")) street.clear();
  const auto add = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) json += (json.empty() ? "{" : ",") + json_text(name) + ":" + json_text(value);
  };
  add("streetAddress", street);
  add("addressLocality", address[6].text());
  add("addressRegion", address[7].text());
  add("postalCode", address[8].text());
  add("addressCountry", address[9].text());
  if (!json.empty()) statement.json("address", json + "}");
}

// A site, building, facility or part of one.
Status ModelImport::write_whole(const IfcProduct& product) {
  EntityStatement statement = writer_.begin(product);
  const StepInstance instance = reader_.get(product.id);
  IfcPlan plan = sums_[product.id];
  auto own = shape_of(product);
  if (own && !own->empty()) {
    const IfcPlan shape = plan_of(*own);
    if (plan.empty()) plan = shape;
    writer_.body(statement, *own, "4", {});
  }
  plan.areas = united(plan.areas, 1e-3);
  const double zero = own_z(product, 0);
  const bool is_building = product.kind.role == IfcRole::building;
  if (is_building) {
    // Rooms between walls are no holes of a building.
    for (PlaneArea& area : plan.areas) area.resize(1);
    plan.areas = united(plan.areas, 1e-3);
  }
  const bool is_known = !plan.empty();
  const double ground = is_building || !is_known
                            ? (is_known ? std::clamp(zero, plan.bounds.low.z, plan.bounds.high.z) : zero)
                            : plan.bounds.low.z;
  writer_.location(statement, plan, ground);
  if (is_building && is_known) {
    statement.number("height", std::round((plan.bounds.high.z - ground) * 1e3) / 1e3, "MTR");
    statement.member("heightSource", "ifc");
    std::set<uint64_t> with_rooms;
    for (const IfcRoomPlan& room : rooms_) with_rooms.insert(room.storey);
    double levels = 0;
    for (const auto& [z, storey] : storeys_[product.id])
      levels += z > zero - 0.5 && with_rooms.contains(storey) ? 1 : 0;
    if (levels > 0) statement.number("levels", levels);
    address(statement, reader_.get(instance[11]));
  }
  if (product.kind.role == IfcRole::site) address(statement, reader_.get(instance[13]));
  for (const uint64_t id : reader_.file().of_type("IFCPROJECT")) {
    const StepInstance project = reader_.get(id);
    const std::string name = project[5].text().empty() ? project[2].text() : project[5].text();
    statement.text("project", name);
    if (is_building && product.name.empty() && product.label.empty()) statement.name(name);
  }
  statement.text("georeference", georeference_.source());
  if (const auto found = envelopes_.find(product.id); found != envelopes_.end())
    writer_.body(statement, found->second.shape, "3", found->second.surfaces);
  return statement.finish();
}

// What is made of others: elements without a shape of their own, storeys, buildings, sites.
Status ModelImport::write_rest() {
  for (const IfcProduct& product : structure_.products()) {
    Status status;
    switch (product.kind.role) {
      case IfcRole::storey:
        status = write_storey(product);
        break;
      case IfcRole::site:
      case IfcRole::building:
      case IfcRole::facility:
      case IfcRole::facility_part:
        status = write_whole(product);
        break;
      case IfcRole::element:
      case IfcRole::equipment:
      case IfcRole::device: {
        if (!later_.contains(product.id)) break;
        IfcPlan plan = sums_[product.id];
        plan.areas = united(plan.areas, 1e-3);
        EntityStatement statement = writer_.begin(product);
        writer_.location(statement, plan, plan.empty() ? own_z(product, 0) : plan.bounds.low.z);
        connect(statement, product, plan);
        status = statement.finish();
        break;
      }
      case IfcRole::room:
      case IfcRole::opening:
        break;
    }
    if (!status) return status;
  }
  return {};
}

Status ModelImport::run() {
  read_storeys();
  read_rooms();
  if (auto status = write_elements(); !status) return status;
  if (auto status = write_rooms(); !status) return status;
  return write_rest();
}

// Around where all products stand: enough to see whether they stand far from the origin.
IfcBounds rough_bounds(IfcReader& reader, const IfcStructure& structure) {
  IfcBounds bounds;
  for (const IfcProduct& product : structure.products()) {
    if (product.representation == 0) continue;
    const auto placement = reader.object_placement(product.placement);
    if (placement) bounds.add(placement->origin);
  }
  return bounds;
}

}  // namespace

bool is_ifc(std::string_view head) {
  const size_t start = head.find("ISO-10303-21");
  if (start == std::string_view::npos || start > 16) return false;
  const size_t schema = head.find("FILE_SCHEMA");
  return schema == std::string_view::npos || head.substr(schema, 80).find("IFC") != std::string_view::npos ||
         head.substr(schema, 80).find("ifc") != std::string_view::npos;
}

Status import_ifc(const ImportInput& input, ImportBatch& batch) {
  const StepLimits limits;
  auto bytes = read_all(input, limits, batch);
  if (!bytes) return std::move(bytes).error();
  const uint64_t size = bytes->size();
  auto file = StepFile::read(std::move(*bytes), limits);
  if (!file) {
    base::Error error = std::move(file).error();
    if (error.where.empty()) error.where = input.name;
    return error;
  }
  for (const StepProblem& problem : file->problems())
    batch.warn(problem.id == 0 ? "" : instance_name(problem.id), problem.reason);
  const auto warn = [&](uint64_t id, std::string reason) {
    const std::string_view type = id == 0 ? std::string_view() : file->type_of(id);
    batch.warn(id == 0 ? "" : instance_name(id) + (type.empty() ? "" : " " + std::string(type)), std::move(reason));
  };
  IfcReader reader(*file, {}, warn);
  const IfcStructure structure = IfcStructure::read(reader);
  if (structure.products().empty())
    return fail(Code::corrupt, "The file holds no building, element or other product", input.name);
  auto georeference =
      IfcGeoreference::find(reader, structure, batch.options().placement, rough_bounds(reader, structure));
  if (!georeference) {
    base::Error error = std::move(georeference).error();
    if (error.where.empty()) error.where = input.name;
    return error;
  }
  return ModelImport(reader, structure, *georeference, batch, size).run();
}

}  // namespace cityloom::space
