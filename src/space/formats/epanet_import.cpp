// Sections to lists in memory, then entities; units to metres and millimetres.
#include "space/formats/epanet_import.hpp"

#include <absl/container/flat_hash_map.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <limits>

#include "space/entity_statement.hpp"
#include "space/formats/line_reader.hpp"
#include "space/formats/plane_place.hpp"
#include "space/osm_values.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;
using base::Status;
using twin::Position;

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr size_t things_max = 5'000'000;
constexpr double metres_per_foot = 0.3048;
constexpr double millimetres_per_inch = 25.4;
constexpr double kilowatts_per_horsepower = 0.745699872;

using Words = std::vector<std::string_view>;

std::string upper(std::string_view text) {
  std::string made(text);
  for (char& letter : made) letter = static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
  return made;
}

Words words_of(std::string_view line) {
  line = line.substr(0, line.find(';'));
  Words words;
  for (;;) {
    const size_t start = line.find_first_not_of(" \t\r");
    if (start == std::string_view::npos) return words;
    line.remove_prefix(start);
    const size_t end = std::min(line.find_first_of(" \t\r"), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

double number_at(const Words& words, size_t index) {
  if (index >= words.size()) return unknown;
  double number = 0;
  const std::string_view text = words[index];
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  return read.ec == std::errc{} && read.ptr == text.data() + text.size() && std::isfinite(number) ? number : unknown;
}

std::string text_at(const Words& words, size_t index) {
  return index < words.size() ? std::string(words[index]) : std::string();
}

struct Node {
  std::string id;
  std::string_view category;
  double elevation = unknown, demand = unknown, diameter = unknown, level_max = unknown;
  double x = unknown, y = unknown;
  bool has_place() const { return !std::isnan(x) && !std::isnan(y); }
};

struct Link {
  std::string id, from, to;
  std::string_view type;  // "Pipe", "Pump", "Valve"
  double length = unknown, diameter = unknown, roughness = unknown, setting = unknown, power = unknown;
  std::string kind, status;
  std::vector<std::pair<double, double>> vertices;
};

class EpanetImport {
 public:
  EpanetImport(const ImportInput& input, ImportBatch& batch)
      : input_(input), batch_(batch), part_(source_part_of(batch.source())) {}

  Status run() {
    if (auto status = read(); !status) return status;
    if (nodes_.empty()) return fail(Code::corrupt, "It is no EPANET network: it has no nodes", input_.name);
    // Told once, not of each node and link.
    if (std::none_of(nodes_.begin(), nodes_.end(), [](const Node& node) { return node.has_place(); })) {
      return fail(Code::unsupported,
                  "None of the network's " + std::to_string(nodes_.size()) + " nodes has coordinates", input_.name,
                  "Save it with its map: a section [COORDINATES]");
    }
    if (auto status = find_place(); !status) return status;
    for (const Node& node : nodes_) {
      if (auto status = add_node(node); !status) return status;
    }
    for (const Link& link : links_) {
      if (auto status = add_link(link); !status) return status;
    }
    return {};
  }

 private:
  Status read() {
    auto source = input_.open();
    if (!source) return std::move(source).error();
    LineReader lines(std::move(*source));
    std::string line, section;
    for (;;) {
      const auto more = lines.next(line);
      if (!more) return fail(Code::corrupt, more.error().what, more.error().where);
      if (!*more) return {};
      if (lines.number() % 10'000 == 0) {
        if (batch_.is_cancelled()) return fail(Code::cancelled, "The import was stopped", input_.name);
        batch_.show_progress(lines.bytes_done(), lines.bytes_total());
      }
      make_utf8(line);
      const size_t start = line.find_first_not_of(" \t");
      if (start == std::string::npos) continue;
      if (line[start] == '[') {
        // EPANET itself compares the first letters only.
        section = upper(std::string_view(line).substr(start + 1, 5));
        if (section.starts_with("END")) return {};
        continue;
      }
      const Words words = words_of(line);
      if (words.empty()) continue;
      if (nodes_.size() + links_.size() > things_max) return fail(Code::too_large, "It has more than 5 million parts");
      take(section, words, "line " + std::to_string(lines.number()));
    }
  }

  void take(const std::string& section, const Words& words, const std::string& where) {
    if (section == "JUNCT") return take_node(words, "junction", where);
    if (section == "RESER") return take_node(words, "reservoir", where);
    if (section == "TANKS") return take_node(words, "tank", where);
    if (section == "PIPES" || section == "PUMPS" || section == "VALVE") return take_link(section, words, where);
    if (section == "COORD") {
      const auto node = node_of_.find(text_at(words, 0));
      if (node == node_of_.end()) return batch_.warn(where, "coordinates of a node that is not there");
      nodes_[node->second].x = number_at(words, 1);
      nodes_[node->second].y = number_at(words, 2);
    } else if (section == "VERTI") {
      const auto link = link_of_.find(text_at(words, 0));
      if (link == link_of_.end()) return batch_.warn(where, "a vertex of a link that is not there");
      const double x = number_at(words, 1), y = number_at(words, 2);
      if (std::isnan(x) || std::isnan(y)) return batch_.warn(where, "a vertex that is not two numbers");
      links_[link->second].vertices.emplace_back(x, y);
    } else if (section == "STATU") {
      const auto link = link_of_.find(text_at(words, 0));
      if (link != link_of_.end()) links_[link->second].status = text_at(words, 1);
    } else if (section == "OPTIO" && words.size() > 1 && upper(words[0]) == "UNITS") {
      take_unit(upper(words[1]), where);
    }
  }

  // The unit of flow says those of everything else.
  void take_unit(const std::string& unit, const std::string& where) {
    constexpr std::array<std::string_view, 6> metric{"LPS", "LPM", "MLD", "CMH", "CMD", "CMS"};
    constexpr std::array<std::string_view, 5> customary{"CFS", "GPM", "MGD", "IMGD", "AFD"};
    is_metric_ = std::find(metric.begin(), metric.end(), unit) != metric.end();
    if (is_metric_ || std::find(customary.begin(), customary.end(), unit) != customary.end()) {
      flow_unit_ = unit;
    } else {
      batch_.warn(where,
                  "\"" + excerpt(unit) + "\" is no unit of flow that EPANET knows: feet, inches and GPM are taken");
    }
  }

  void take_node(const Words& words, std::string_view category, const std::string& where) {
    Node node;
    node.id = words[0];
    node.category = category;
    node.elevation = number_at(words, 1);
    if (category == "junction") node.demand = number_at(words, 2);
    if (category == "tank") {
      node.level_max = number_at(words, 4);
      node.diameter = number_at(words, 5);
    }
    if (!node_of_.emplace(node.id, nodes_.size()).second) {
      return batch_.warn(where, "another node is called " + excerpt(node.id) + ": this one is left out");
    }
    nodes_.push_back(std::move(node));
  }

  void take_link(const std::string& section, const Words& words, const std::string& where) {
    Link link;
    link.id = words[0];
    link.from = text_at(words, 1);
    link.to = text_at(words, 2);
    if (section == "PIPES") {
      link.type = "Pipe";
      link.length = number_at(words, 3);
      link.diameter = number_at(words, 4);
      link.roughness = number_at(words, 5);
      link.status = text_at(words, 7);
    } else if (section == "PUMPS") {
      link.type = "Pump";
      for (size_t i = 3; i + 1 < words.size(); i += 2) {
        if (upper(words[i]) == "POWER") link.power = number_at(words, i + 1);
      }
    } else {
      link.type = "Valve";
      link.diameter = number_at(words, 3);
      link.kind = text_at(words, 4);
      link.setting = number_at(words, 5);
    }
    if (!link_of_.emplace(link.id, links_.size()).second) {
      return batch_.warn(where, "another link is called " + excerpt(link.id) + ": this one is left out");
    }
    links_.push_back(std::move(link));
  }

  double metres() const { return is_metric_ ? 1 : metres_per_foot; }

  Status find_place() {
    const ImportOptions& options = batch_.options();
    if (options.placement) {
      // The middle of the network is its origin.
      double west = infinity, south = infinity, east = -infinity, north = -infinity;
      for (const Node& node : nodes_) {
        if (!node.has_place()) continue;
        west = std::min(west, node.x);
        east = std::max(east, node.x);
        south = std::min(south, node.y);
        north = std::max(north, node.y);
      }
      place_ = PlanePlace::of_placement(*options.placement, (west + east) / 2, (south + north) / 2, metres());
      return {};
    }
    if (options.crs.empty()) {
      return fail(Code::unsupported, "An EPANET file does not say where on the earth it lies", input_.name,
                  "Say so by the option crs (EPSG:5186) or placement (LON,LAT of its middle)");
    }
    auto crs = PlaneCrs::open(options.crs);
    if (!crs) return std::move(crs).error();
    if (const std::string note = crs->note(); !note.empty()) batch_.warn("crs", note);
    place_ = PlanePlace::of_crs(std::move(*crs));
    return {};
  }

  // Heights are above a datum that the file does not name: they count only where the model is placed by hand.
  base::Result<Position> position_of(const Node& node) const {
    if (!node.has_place()) return fail(Code::invalid, "it has no coordinates");
    return place_->position(node.x, node.y, place_->is_placed() ? node.elevation * metres() : unknown);
  }

  std::string node_id(const std::string& name) const {
    return "urn:ngsi-ld:WaterNetworkNode:" + id_part_of(part_ + "-" + name);
  }

  Status add_node(const Node& node) {
    const std::string object = std::string(node.category) + " " + node.id;
    const auto place = position_of(node);
    if (!place) {
      batch_.warn(object, place.error().what);
      return {};
    }
    EntityStatement made(batch_, "WaterNetworkNode", part_ + "-" + node.id, object);
    made.geometry("location", twin::Geometry::point(*place));
    made.name(node.id);
    made.text("network", "water");
    made.text("category", node.category);
    made.number("elevation", rounded(node.elevation * metres()), "MTR");
    if (!std::isnan(node.demand)) {
      made.number("baseDemand", node.demand);
      made.member("flowUnit", flow_unit_);
    }
    made.number("diameter", rounded(node.diameter * metres() * 1'000), "MMT");
    made.number("levelMax", rounded(node.level_max * metres()), "MTR");
    return made.finish();
  }

  static double rounded(double number) { return std::round(number * 1e6) / 1e6; }

  Status add_link(const Link& link) {
    const std::string object = (link.type == "Pipe" ? "pipe " : link.type == "Pump" ? "pump " : "valve ") + link.id;
    const auto from = node_of_.find(link.from), to = node_of_.find(link.to);
    if (from == node_of_.end() || to == node_of_.end()) {
      batch_.warn(object, "node " + excerpt(from == node_of_.end() ? link.from : link.to) + " is not in the file");
      return {};
    }
    auto line = line_of(link, nodes_[from->second], nodes_[to->second]);
    if (!line) {
      batch_.warn(object, line.error().what);
      return {};
    }
    EntityStatement made(batch_, link.type, part_ + "-" + link.id, object);
    made.geometry("location", std::move(*line));
    made.name(link.id);
    made.text("network", "water");
    if (link.diameter > 0) {
      made.number("diameter", rounded(link.diameter * (is_metric_ ? 1 : millimetres_per_inch)), "MMT");
    } else if (link.type != "Pump") {
      batch_.warn(object, "its diameter is not above 0");
    }
    made.number("length", rounded(link.length * metres()), "MTR");
    made.number("roughness", link.roughness);
    made.number("power", rounded(link.power * (is_metric_ ? 1 : kilowatts_per_horsepower)), "KWT");
    made.text("category", link.kind);
    made.number("setting", link.setting);
    made.text("valveStatus", link.status);
    made.relationship("startNode", node_id(link.from));
    made.relationship("endNode", node_id(link.to));
    return made.finish();
  }

  // How much of a link's way lies before each of its vertices.
  static std::vector<double> shares_of_way(const Link& link, const Node& from, const Node& to) {
    std::vector<double> shares;
    std::pair<double, double> last{from.x, from.y};
    double way = 0;
    for (const auto& vertex : link.vertices) {
      way += std::hypot(vertex.first - last.first, vertex.second - last.second);
      shares.push_back(way);
      last = vertex;
    }
    way += std::hypot(to.x - last.first, to.y - last.second);
    for (double& share : shares) share = way > 0 ? share / way : 0;
    return shares;
  }

  base::Result<twin::Geometry> line_of(const Link& link, const Node& from, const Node& to) const {
    twin::Geometry geometry;
    geometry.kind = twin::GeometryKind::line_string;
    const auto first = position_of(from), last = position_of(to);
    if (!first || !last) return fail(Code::invalid, "one of its nodes has no place");
    geometry.positions.push_back(*first);
    // Between the heights of its ends it rises evenly along its way.
    const std::vector<double> shares = shares_of_way(link, from, to);
    for (size_t i = 0; i < link.vertices.size(); ++i) {
      const double share = shares[i];
      const double elevation = (from.elevation + (to.elevation - from.elevation) * share) * metres();
      const auto corner =
          place_->position(link.vertices[i].first, link.vertices[i].second, place_->is_placed() ? elevation : unknown);
      if (!corner) return corner.error();
      geometry.positions.push_back(*corner);
    }
    geometry.positions.push_back(*last);
    auto& all = geometry.positions;
    all.erase(std::unique(all.begin(), all.end()), all.end());
    // Pumps and valves have no length of their own.
    if (all.size() < 2 && link.type != "Pipe") return twin::Geometry::point(all.front());
    if (all.size() < 2) return fail(Code::invalid, "both its ends are at one place");
    geometry.line_ends = {static_cast<uint32_t>(all.size())};
    return geometry;
  }

  const ImportInput& input_;
  ImportBatch& batch_;
  std::string part_;
  std::vector<Node> nodes_;
  std::vector<Link> links_;
  absl::flat_hash_map<std::string, size_t> node_of_, link_of_;
  bool is_metric_ = false;
  std::string flow_unit_ = "GPM";
  std::optional<PlanePlace> place_;
};

}  // namespace

bool is_epanet(std::string_view head) {
  const std::string text = upper(head.substr(0, 64u << 10));
  size_t known = 0;
  for (const char* section : {"[TITLE]", "[JUNCTIONS]", "[PIPES]", "[RESERVOIRS]", "[COORDINATES]", "[OPTIONS]"}) {
    known += text.find(section) != std::string::npos ? 1u : 0u;
  }
  return known >= 2;
}

Status import_epanet(const ImportInput& input, ImportBatch& batch) {
  return EpanetImport(input, batch).run();
}

}  // namespace cityloom::space
