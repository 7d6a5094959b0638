// Two passes over the XML: where things are, which turns there are and which lanes signals hold; then the entities.
#include "space/formats/sumo_import.hpp"

#include <absl/container/flat_hash_map.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "space/entity_statement.hpp"
#include "space/formats/plane_place.hpp"
#include "space/formats/xml_stream.hpp"
#include "space/osm_values.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;
using base::Status;
using twin::Position;

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
constexpr size_t edges_max = 5'000'000;
constexpr double kmh_per_mps = 3.6;

std::optional<double> number_of(std::string_view text) {
  double number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || read.ec != std::errc{} || read.ptr != text.data() + text.size() || !std::isfinite(number))
    return {};
  return number;
}

std::string json_text(std::string_view text) {
  std::string made = "\"";
  for (const char letter : text) {
    if (letter == '"' || letter == '\\') made += '\\';
    if (static_cast<unsigned char>(letter) >= 0x20) made += letter;
  }
  return made + '"';
}

bool has_word(std::string_view list, std::string_view wanted) {
  while (!list.empty()) {
    const size_t end = std::min(list.find(' '), list.size());
    if (list.substr(0, end) == wanted) return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

bool lets_cars_pass(const XmlAttributes& lane) {
  const std::string_view allow = lane["allow"], disallow = lane["disallow"];
  if (!allow.empty()) return has_word(allow, "all") || has_word(allow, "passenger") || has_word(allow, "private");
  return !has_word(disallow, "all") && !has_word(disallow, "passenger") && !has_word(disallow, "private");
}

// "highway.primary" of imported OpenStreetMap, else a road of no special class.
std::string road_class_of(std::string_view type) {
  if (type.starts_with("highway.")) {
    type.remove_prefix(8);
    return std::string(type.substr(0, type.find('|')));
  }
  return "unclassified";
}

struct Lane {
  std::string json;
  std::string shape;
  double speed_mps = 0, length_m = 0;
  bool is_for_cars = false;
};

struct Edge {
  std::string id, from, to, name, type, shape;
  std::vector<Lane> lanes;
};

struct Signal {
  std::string programs;  // JSON, without the brackets
  std::vector<std::string> edges;
};

class SumoImport {
 public:
  SumoImport(const ImportInput& input, ImportBatch& batch)
      : input_(input), batch_(batch), part_(source_part_of(batch.source())) {}

  Status run() {
    if (auto status = pass([this](auto name, int depth, const auto& a) { return look(name, depth, a); }, {}, 0);
        !status) {
      return status;
    }
    if (!is_network_) return fail(Code::corrupt, "It is no SUMO network: its root is not <net>", input_.name);
    if (auto status = find_place(); !status) return status;
    auto status = pass([this](auto name, int depth, const auto& a) { return take(name, depth, a); },
                       [this](auto name, int depth) { finish(name, depth); }, 1);
    if (!status) return status;
    if (!failed_) return failed_;
    if (auto added = add_turns(); !added) return added;
    return add_signals();
  }

 private:
  template <class Start>
  Status pass(Start start, std::function<void(std::string_view, int)> end, uint64_t number) {
    auto source = input_.open();
    if (!source) return std::move(source).error();
    XmlVisitor visitor;
    visitor.start = [&](std::string_view name, int depth, const XmlAttributes& attributes) -> Status {
      if (batch_.is_cancelled()) return fail(Code::cancelled, "The import was stopped", input_.name);
      if (!failed_) return failed_;
      return start(name, depth, attributes);
    };
    visitor.end = std::move(end);
    visitor.progress = [&](uint64_t done, uint64_t total) { batch_.show_progress(done + number * total, 2 * total); };
    return read_xml(std::move(*source), visitor);
  }

  // The first pass.
  Status look(std::string_view name, int depth, const XmlAttributes& a) {
    if (depth == 1) is_network_ = name == "net";
    if (depth != 2) return {};
    if (name == "location") {
      const std::string offset(a["netOffset"]);
      const size_t comma = offset.find(',');
      if (comma != std::string::npos) {
        offset_x_ = number_of(offset.substr(0, comma)).value_or(0);
        offset_y_ = number_of(offset.substr(comma + 1)).value_or(0);
      }
      projection_ = a["projParameter"];
    } else if (name == "junction") {
      if (a["type"] == "internal") return {};
      if (nodes_.size() == edges_max) return fail(Code::too_large, "The network has more than 5 million junctions");
      nodes_[std::string(a["id"])] = {number_of(a["x"]).value_or(unknown), number_of(a["y"]).value_or(unknown)};
    } else if (name == "connection") {
      const std::string_view from = a["from"];
      if (from.starts_with(":")) return {};
      std::string& turns = turns_[std::string(from)];
      const std::string signal(a["tl"]);
      turns +=
          fmt::format("{}{{\"to\":{},\"fromLane\":{},\"toLane\":{},\"direction\":{}{}}}", turns.empty() ? "" : ",",
                      json_text(road_id(a["to"])), static_cast<int>(number_of(a["fromLane"]).value_or(0)),
                      static_cast<int>(number_of(a["toLane"]).value_or(0)), json_text(a["dir"]),
                      signal.empty() ? ""
                                     : fmt::format(",\"signal\":{},\"signalIndex\":{}", json_text(signal_id(signal)),
                                                   static_cast<int>(number_of(a["linkIndex"]).value_or(0))));
      auto& targets = targets_[std::string(from)];
      if (std::find(targets.begin(), targets.end(), a["to"]) == targets.end()) targets.emplace_back(a["to"]);
      if (!signal.empty()) {
        auto& edges = signals_[signal].edges;
        if (std::find(edges.begin(), edges.end(), from) == edges.end()) edges.emplace_back(from);
      }
    }
    return {};
  }

  Status find_place() {
    std::string definition = batch_.options().crs;
    if (definition.empty() && projection_ != "!" && projection_ != "." && projection_ != "-") definition = projection_;
    if (definition.starts_with("+") && definition.find("+type=crs") == std::string::npos) definition += " +type=crs";
    if (batch_.options().placement) {
      place_ = PlanePlace::of_placement(*batch_.options().placement, offset_x_, offset_y_, 1);
      return {};
    }
    if (definition.empty()) {
      return fail(Code::unsupported, "The network does not say where on the earth it lies", input_.name,
                  "Say so by the option placement or crs");
    }
    auto crs = PlaneCrs::open(definition);
    if (!crs)
      return fail(Code::corrupt, crs.error().what, input_.name,
                  "Name the coordinate system by the option crs, e.g. EPSG:5186");
    if (const std::string note = crs->note(); !note.empty()) batch_.warn("location", note);
    place_ = PlanePlace::of_crs(std::move(*crs));
    return {};
  }

  base::Result<Position> position(double x, double y, double z = unknown) const {
    return place_->position(x - (place_->is_placed() ? 0 : offset_x_), y - (place_->is_placed() ? 0 : offset_y_), z);
  }

  // "x,y x,y,z ..."
  base::Result<std::vector<Position>> shape(std::string_view text) const {
    std::vector<Position> line;
    while (!text.empty()) {
      const size_t end = std::min(text.find(' '), text.size());
      std::string_view corner = text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
      if (corner.empty()) continue;
      double numbers[3] = {0, 0, unknown};
      for (double& number : numbers) {
        const size_t comma = std::min(corner.find(','), corner.size());
        const auto read = number_of(corner.substr(0, comma));
        if (!read) return fail(Code::invalid, "its shape has something else than numbers");
        number = *read;
        corner.remove_prefix(std::min(comma + 1, corner.size()));
        if (corner.empty()) break;
      }
      auto made = position(numbers[0], numbers[1]);
      if (!made) return std::move(made).error();
      if (line.empty() || line.back() != *made) line.push_back(*made);
      if (line.size() > twin::positions_max) return fail(Code::too_large, "its shape has more than a million places");
    }
    return line;
  }

  std::string road_id(std::string_view edge) const {
    return "urn:ngsi-ld:RoadSegment:" + id_part_of(part_ + "-" + std::string(edge));
  }
  std::string signal_id(std::string_view signal) const {
    return "urn:ngsi-ld:TrafficSignal:" + id_part_of(part_ + "-" + std::string(signal));
  }
  std::string node_name(std::string_view junction) const { return part_ + "-" + std::string(junction); }

  // The second pass.
  Status take(std::string_view name, int depth, const XmlAttributes& a) {
    if (depth == 2 && name == "edge") {
      edge_ = {};
      if (a["function"].empty() || a["function"] == "normal") {
        edge_.id = a["id"];
        edge_.from = a["from"];
        edge_.to = a["to"];
        edge_.name = a["name"];
        edge_.type = a["type"];
        edge_.shape = a["shape"];
      }
    } else if (depth == 3 && name == "lane" && !edge_.id.empty()) {
      take_lane(a);
    } else if (depth == 2 && name == "junction" && a["type"] != "internal") {
      return add_junction(a);
    } else if (depth == 2 && name == "tlLogic") {
      signal_ = a["id"];
      Signal& signal = signals_[signal_];
      signal.programs +=
          fmt::format("{}{{\"id\":{},\"type\":{},\"offset\":{},\"phases\":[", signal.programs.empty() ? "" : ",",
                      json_text(a["programID"]), json_text(a["type"]), number_of(a["offset"]).value_or(0));
      has_phase_ = false;
    } else if (depth == 3 && name == "phase" && !signal_.empty()) {
      std::string& programs = signals_[signal_].programs;
      programs += fmt::format("{}{{\"duration\":{},\"state\":{}", has_phase_ ? "," : "",
                              number_of(a["duration"]).value_or(0), json_text(a["state"]));
      for (const char* bound : {"minDur", "maxDur"}) {
        if (const auto number = number_of(a[bound])) programs += fmt::format(",\"{}\":{}", bound, *number);
      }
      programs += "}";
      has_phase_ = true;
    }
    return {};
  }

  void take_lane(const XmlAttributes& a) {
    Lane& lane = edge_.lanes.emplace_back();
    lane.speed_mps = number_of(a["speed"]).value_or(0);
    lane.length_m = number_of(a["length"]).value_or(0);
    lane.shape = a["shape"];
    lane.is_for_cars = lets_cars_pass(a);
    lane.json =
        fmt::format("{{\"index\":{},\"maximumAllowedSpeed_kmh\":{:.6g},\"length_m\":{}",
                    static_cast<int>(number_of(a["index"]).value_or(0)), lane.speed_mps * kmh_per_mps, lane.length_m);
    if (const auto width = number_of(a["width"])) lane.json += fmt::format(",\"width_m\":{}", *width);
    for (const char* rule : {"allow", "disallow"}) {
      if (a.has(rule)) lane.json += fmt::format(",\"{}\":{}", rule, json_text(a[rule]));
    }
    lane.json += "}";
  }

  void finish(std::string_view name, int depth) {
    if (depth != 2) return;
    if (name == "edge" && !edge_.id.empty()) {
      if (auto status = add_edge(); !status && failed_) failed_ = status;
      edge_ = {};
    } else if (name == "tlLogic" && !signal_.empty()) {
      signals_[signal_].programs += "]}";
      signal_.clear();
    }
  }

  Status add_edge() {
    const std::string object = "edge " + edge_.id;
    const auto from = nodes_.find(edge_.from), to = nodes_.find(edge_.to);
    if (from == nodes_.end() || to == nodes_.end() || edge_.lanes.empty()) {
      batch_.warn(object, edge_.lanes.empty() ? "it has no lanes" : "its junctions are not in the file");
      return {};
    }
    std::string text = edge_.shape;
    if (text.empty()) {
      text = fmt::format("{},{} {},{}", from->second.first, from->second.second, to->second.first, to->second.second);
    }
    auto line = shape(text);
    if (!line || line->size() < 2) {
      batch_.warn(object, line ? "it has one place only" : line.error().what);
      return {};
    }
    if (++edges_ > edges_max) return fail(Code::too_large, "The network has more than 5 million edges", input_.name);
    out_edges_[edge_.from].push_back(edge_.id);
    to_node_[edge_.id] = edge_.to;
    twin::Geometry geometry;
    geometry.kind = twin::GeometryKind::line_string;
    geometry.line_ends = {static_cast<uint32_t>(line->size())};
    geometry.positions = std::move(*line);
    EntityStatement road(batch_, "RoadSegment", part_ + "-" + edge_.id, object);
    road.name(edge_.name);
    road.number("length", std::round(length_m(geometry.positions) * 100) / 100, "MTR");
    road.geometry("location", std::move(geometry));
    road.text("roadClass", road_class_of(edge_.type));
    road.number("laneCount", static_cast<double>(edge_.lanes.size()));
    road.flag("oneway", true);
    double speed_mps = 0;
    bool is_for_cars = false;
    std::string lanes;
    for (const Lane& lane : edge_.lanes) {
      speed_mps = std::max(speed_mps, lane.speed_mps);
      is_for_cars = is_for_cars || lane.is_for_cars;
      lanes += (lanes.empty() ? "" : ",") + lane.json;
    }
    if (speed_mps > 0) road.number("maximumAllowedSpeed", std::round(speed_mps * kmh_per_mps * 100) / 100, "KMH");
    if (!is_for_cars) road.text("motorVehicle", "no");
    road.text("startNode", node_name(edge_.from));
    road.text("endNode", node_name(edge_.to));
    road.json("lanes", "[" + lanes + "]");
    if (const auto turns = turns_.find(edge_.id); turns != turns_.end()) {
      road.json("connections", "[" + turns->second + "]");
    }
    return road.finish();
  }

  Status add_junction(const XmlAttributes& a) {
    const std::string id(a["id"]);
    const auto& [x, y] = nodes_[id];
    const auto place = position(x, y);
    if (!place) {
      batch_.warn("junction " + id, place.error().what);
      return {};
    }
    EntityStatement junction(batch_, "Junction", part_ + "-" + id, "junction " + id);
    junction.geometry("location", twin::Geometry::point(*place));
    junction.text("category", a["type"]);
    junction.text("node", node_name(id));
    if (signals_.contains(id)) junction.relationship("trafficSignal", signal_id(id));
    return junction.finish();
  }

  // SUMO says which turns there are; the twin, which are forbidden.
  Status add_turns() {
    for (const auto& [edge, node] : to_node_) {
      const auto out = out_edges_.find(node);
      if (out == out_edges_.end()) continue;
      const auto targets = targets_.find(edge);
      for (const std::string& next : out->second) {
        if (targets != targets_.end() &&
            std::find(targets->second.begin(), targets->second.end(), next) != targets->second.end()) {
          continue;
        }
        EntityStatement turn(batch_, "TurnRestriction", part_ + "-" + edge + "-" + next, "edge " + edge);
        turn.text("restriction", "no_turn");
        turn.relationship("from", road_id(edge));
        turn.relationship("to", road_id(next));
        turn.text("via", node_name(node));
        if (auto status = turn.finish(); !status) return status;
      }
    }
    return {};
  }

  // A signal stands where the edges that it holds end.
  Status add_signals() {
    for (const auto& [id, signal] : signals_) {
      double x = 0, y = 0, count = 0;
      const auto take_node = [&](const std::string& node) {
        const auto found = nodes_.find(node);
        if (found == nodes_.end()) return;
        x += found->second.first;
        y += found->second.second;
        ++count;
      };
      std::string controls;
      for (const std::string& edge : signal.edges) {
        const auto node = to_node_.find(edge);
        if (node != to_node_.end()) take_node(node->second);
        controls += (controls.empty() ? "" : ",") + json_text(road_id(edge));
      }
      if (count == 0) take_node(id);
      const auto place = position(x / count, y / count);
      if (count == 0 || !place) {
        batch_.warn("tlLogic " + id, "nothing in the file says where it stands");
        continue;
      }
      EntityStatement made(batch_, "TrafficSignal", part_ + "-" + id, "tlLogic " + id);
      made.geometry("location", twin::Geometry::point(*place));
      if (!signal.programs.empty()) made.json("signalPrograms", "[" + signal.programs + "]");
      if (!controls.empty()) made.json("controls", "[" + controls + "]");
      if (auto status = made.finish(); !status) return status;
    }
    return {};
  }

  const ImportInput& input_;
  ImportBatch& batch_;
  std::string part_;
  bool is_network_ = false;
  double offset_x_ = 0, offset_y_ = 0;
  std::string projection_;
  std::optional<PlanePlace> place_;
  absl::flat_hash_map<std::string, std::pair<double, double>> nodes_;
  absl::flat_hash_map<std::string, std::string> turns_;
  absl::flat_hash_map<std::string, std::vector<std::string>> targets_, out_edges_;
  std::map<std::string, std::string> to_node_;  // in order: ids of what is made must not depend on a hash
  std::map<std::string, Signal> signals_;
  Edge edge_;
  std::string signal_;
  bool has_phase_ = false;
  size_t edges_ = 0;
  Status failed_;
};

}  // namespace

bool is_sumo_network(std::string_view head) {
  const size_t net = head.find("<net ");
  return net != std::string_view::npos || head.find("<net>") != std::string_view::npos;
}

Status import_sumo(const ImportInput& input, ImportBatch& batch) {
  return SumoImport(input, batch).run();
}

}  // namespace cityloom::space
