// Reads networks (.net.xml).
#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "model/traffic/network.hpp"

namespace cityloom::model::traffic {
namespace {

using base::Code;
using base::fail;
using base::Status;

constexpr double length_max_m = 1e7;
constexpr double speed_max_m_s = 1e4;
constexpr double length_min_m = 0.1;  // what SUMO keeps at least
constexpr double speed_min_m_s = 0.1;
constexpr size_t links_max = 20'000'000;

/// A piece of way within a junction.
struct Inner {
  double length_m = 0;
  double speed_m_s = 0;
  std::string next;  ///< the piece after it, where vehicles may wait between them
};

/// A connection of the file that starts on an edge; a link, or two where vehicles wait within the junction.
struct Connection {
  uint32_t first = none;  ///< what a vehicle enters
  uint32_t last = none;   ///< what crosses others: equal to first, or the second part
};

class NetworkReader {
 public:
  explicit NetworkReader(const XmlFile& file) : file_(file) {}

  base::Result<Network> read() {
    if (std::string_view(file_.root().name()) != "net")
      return fail(Code::invalid, fmt::format("is no network: its element is <{}>", file_.root().name()), file_.name(),
                  "make one by netconvert");
    for (const pugi::xml_node node : file_.root().children("junction")) {
      if (std::string_view(node.attribute("type").value()) == "internal") continue;
      if (auto taken = take_junction(node); !taken) return taken.error();
    }
    for (const pugi::xml_node node : file_.root().children("edge")) {
      if (auto taken = take_edge(node); !taken) return taken.error();
    }
    if (network_.edges.empty()) return fail(Code::invalid, "the network has no edges", file_.name());
    for (const pugi::xml_node node : file_.root().children("connection")) {
      if (node.attribute("from").value()[0] == ':') note_inner(node);
    }
    connections_of_lane_.resize(network_.lanes.size());
    for (const pugi::xml_node node : file_.root().children("connection")) {
      if (node.attribute("from").value()[0] == ':') continue;
      if (auto taken = take_connection(node); !taken) return taken.error();
    }
    for (const pugi::xml_node node : file_.root().children("junction")) take_requests(node);
    sort_links();
    for (const pugi::xml_node node : file_.root().children("tlLogic")) {
      if (auto added = add_program(network_, file_, node); !added) return added.error();
    }
    return std::move(network_);
  }

 private:
  Status take_junction(pugi::xml_node node) {
    Attributes attributes(file_, node);
    const std::string id = attributes.required_text("id");
    if (attributes.failed()) return attributes.error();
    network_.junction_by_id.emplace(id, static_cast<uint32_t>(network_.junctions.size()));
    network_.junctions.push_back(id);
    return {};
  }

  Status take_edge(pugi::xml_node node) {
    const std::string_view function = node.attribute("function").value();
    if (function == "walkingarea" || function == "crossing") return {};
    if (function == "internal") return take_inner(node);
    Attributes attributes(file_, node);
    Edge edge;
    edge.id = attributes.required_text("id");
    if (attributes.failed()) return attributes.error();
    if (network_.edges.size() >= edges_max)
      return fail(Code::too_large, fmt::format("more than {} edges", edges_max), file_.name());
    const auto number = static_cast<uint32_t>(network_.edges.size());
    if (!network_.edge_by_id.emplace(edge.id, number).second)
      return file_.mistake(node, "the edge " + edge.id + " stands here a second time");
    edge.from = junction(attributes.text("from"));
    edge.to = junction(attributes.text("to"));
    edge.lanes_begin = static_cast<uint32_t>(network_.lanes.size());
    for (const pugi::xml_node lane : node.children("lane")) {
      if (auto taken = take_lane(lane, number, edge); !taken) return taken;
    }
    edge.lanes_end = static_cast<uint32_t>(network_.lanes.size());
    if (edge.lanes_begin == edge.lanes_end) return file_.mistake(node, "the edge " + edge.id + " has no lanes");
    if (edge.lanes_end - edge.lanes_begin > lanes_of_edge_max)
      return file_.mistake(node, fmt::format("more than {} lanes", lanes_of_edge_max));
    network_.edges.push_back(std::move(edge));
    return {};
  }

  uint32_t junction(std::string_view id) const {
    const auto found = network_.junction_by_id.find(std::string(id));
    return found == network_.junction_by_id.end() ? none : found->second;
  }

  Status take_lane(pugi::xml_node node, uint32_t number, Edge& edge) {
    Attributes attributes(file_, node);
    Lane lane;
    lane.edge = number;
    lane.length_m = std::max(attributes.required_number("length", 0, length_max_m), length_min_m);
    lane.speed_m_s = std::max(attributes.required_number("speed", 0, speed_max_m_s), speed_min_m_s);
    lane.classes = classes_of(attributes.text("allow"), attributes.text("disallow"));
    if (attributes.whole("index", network_.lanes.size() - edge.lanes_begin, lanes_of_edge_max) !=
        network_.lanes.size() - edge.lanes_begin)
      attributes.mistake("lanes of an edge are counted from 0");
    if (attributes.failed()) return attributes.error();
    edge.classes |= lane.classes;
    edge.length_m = std::max(edge.length_m, lane.length_m);
    if (network_.lanes.size() == edge.lanes_begin) take_middle(attributes.text("shape"), edge);
    network_.lanes.push_back(lane);
    return {};
  }

  static void take_middle(std::string_view shape, Edge& edge) {
    const auto words = words_of(shape);
    double x1 = 0, y1 = 0, x2 = 0, y2 = 0;
    if (words.size() < 4) return;
    // Points have two numbers or three; the ends are enough.
    const size_t size = shape.find(' ') == std::string_view::npos
                            ? 2
                            : static_cast<size_t>(std::count(
                                  shape.begin(), shape.begin() + static_cast<ptrdiff_t>(shape.find(' ')), ',')) +
                                  1;
    if (size < 2 || words.size() < 2 * size) return;
    if (!read_number(words[0], x1) || !read_number(words[1], y1)) return;
    if (!read_number(words[words.size() - size], x2) || !read_number(words[words.size() - size + 1], y2)) return;
    edge.x_m = (x1 + x2) / 2;
    edge.y_m = (y1 + y2) / 2;
  }

  Status take_inner(pugi::xml_node edge) {
    for (const pugi::xml_node node : edge.children("lane")) {
      Attributes attributes(file_, node);
      Inner inner;
      inner.length_m = attributes.required_number("length", 0, length_max_m);
      inner.speed_m_s = std::max(attributes.required_number("speed", 0, speed_max_m_s), speed_min_m_s);
      if (attributes.failed()) return attributes.error();
      inner_.emplace(attributes.text("id"), inner);
    }
    return {};
  }

  void note_inner(pugi::xml_node node) {
    if (node.attribute("via").empty()) return;
    const auto found =
        inner_.find(fmt::format("{}_{}", node.attribute("from").value(), node.attribute("fromLane").value()));
    if (found != inner_.end()) found->second.next = node.attribute("via").value();
  }

  uint32_t lane_of(Attributes& attributes, const char* edge_name, const char* lane_name) {
    const std::string id = attributes.required_text(edge_name);
    const size_t index = attributes.whole(lane_name, 0, lanes_of_edge_max);
    if (attributes.failed()) return none;
    const uint32_t edge = network_.edge(id);
    if (edge == none) {
      attributes.mistake("there is no edge " + id);
      return none;
    }
    const uint32_t lane = network_.edges[edge].lanes_begin + static_cast<uint32_t>(index);
    if (lane < network_.edges[edge].lanes_end) return lane;
    attributes.mistake(fmt::format("the edge {} has no lane {}", id, index));
    return none;
  }

  Status take_connection(pugi::xml_node node) {
    const std::string_view from = node.attribute("from").value();
    const std::string_view to = node.attribute("to").value();
    // Ways of walkers have no edges here.
    if (!to.empty() && to[0] == ':') return {};
    Attributes attributes(file_, node);
    Link link;
    if (network_.edge(from) != none || from.empty())
      link.from_lane = lane_of(attributes, "from", "fromLane");
    else
      attributes.mistake("there is no edge " + std::string(from));
    link.to_lane = lane_of(attributes, "to", "toLane");
    const std::string_view state = attributes.text("state");
    link.state = state.empty() ? 'M' : state[0];
    link.turns_back = attributes.text("dir") == "t";
    if (attributes.has("tl")) {
      link.signal = signal(attributes.required_text("tl"));
      link.signal_index = static_cast<uint32_t>(attributes.whole("linkIndex", 0, 100'000));
    }
    if (attributes.failed()) return attributes.error();
    if (network_.links.size() >= links_max) return fail(Code::too_large, fmt::format("more than {} links", links_max));
    link.speed_m_s = std::min(network_.lanes[link.from_lane].speed_m_s, network_.lanes[link.to_lane].speed_m_s);
    add_links(link, attributes.text("via"));
    return {};
  }

  /// A link, or two with a place to wait between them.
  void add_links(Link link, std::string_view via) {
    Connection connection;
    const uint32_t from = link.from_lane;
    const auto first = inner_.find(std::string(via));
    const auto second = first == inner_.end() ? first : inner_.find(first->second.next);
    if (first != inner_.end()) {
      link.length_m = first->second.length_m;
      link.speed_m_s = first->second.speed_m_s;
    }
    connection.first = static_cast<uint32_t>(network_.links.size());
    connection.last = connection.first;
    if (first != inner_.end() && second != inner_.end()) {
      Lane waiting;
      waiting.length_m = std::max(first->second.length_m, length_min_m);
      waiting.speed_m_s = first->second.speed_m_s;
      Link out;
      out.from_lane = static_cast<uint32_t>(network_.lanes.size());
      out.to_lane = link.to_lane;
      out.length_m = second->second.length_m;
      out.speed_m_s = second->second.speed_m_s;
      out.state = 'm';
      out.first_part = static_cast<uint32_t>(network_.links.size());
      link.to_lane = out.from_lane;
      link.length_m = 0;  // the place is a lane of its own
      network_.lanes.push_back(waiting);
      network_.links.push_back(link);
      connection.last = static_cast<uint32_t>(network_.links.size());
      network_.links.push_back(out);
    } else {
      network_.links.push_back(link);
    }
    connections_of_lane_[from].push_back(connection);
  }

  uint32_t signal(const std::string& id) {
    const auto [found, added] = network_.signal_by_id.emplace(id, static_cast<uint32_t>(network_.signals.size()));
    if (added) network_.signals.push_back({id, {}, {}});
    return found->second;
  }

  /// The table of a junction says of each of its links which go first and which ways touch.
  void take_requests(pugi::xml_node node) {
    std::vector<Connection> all;
    for (const std::string_view id : words_of(node.attribute("incLanes").value())) {
      const uint32_t lane = network_.lane(id);
      if (lane == none) continue;
      all.insert(all.end(), connections_of_lane_[lane].begin(), connections_of_lane_[lane].end());
    }
    const auto stands = [](std::string_view bits, size_t i) {
      return i < bits.size() && bits[bits.size() - 1 - i] == '1';
    };
    for (const pugi::xml_node request : node.children("request")) {
      double index = 0;
      if (!read_number(request.attribute("index").value(), index) || !(index >= 0) ||
          index >= static_cast<double>(all.size()))
        continue;
      Link& link = network_.links[all[static_cast<size_t>(index)].last];
      const std::string_view response = request.attribute("response").value(), foes = request.attribute("foes").value();
      for (size_t i = 0; i < all.size(); ++i) {
        if (all[i].last == all[static_cast<size_t>(index)].last) continue;
        if (stands(response, i)) link.yields_to.push_back(all[i].last);
        if (stands(foes, i)) link.crosses.push_back(all[i].last);
      }
    }
  }

  void sort_links() {
    std::vector<uint32_t> order(network_.links.size());
    for (uint32_t i = 0; i < order.size(); ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(), [this](uint32_t a, uint32_t b) {
      return network_.links[a].from_lane < network_.links[b].from_lane;
    });
    std::vector<uint32_t> place(order.size());
    for (uint32_t i = 0; i < order.size(); ++i) place[order[i]] = i;
    std::vector<Link> sorted;
    sorted.reserve(order.size());
    for (const uint32_t i : order) sorted.push_back(std::move(network_.links[i]));
    network_.links = std::move(sorted);
    for (uint32_t i = 0; i < network_.links.size(); ++i) {
      Link& link = network_.links[i];
      if (link.first_part != none) link.first_part = place[link.first_part];
      for (uint32_t& other : link.yields_to) other = place[other];
      for (uint32_t& other : link.crosses) other = place[other];
      Lane& lane = network_.lanes[link.from_lane];
      if (lane.links_end == 0) lane.links_begin = i;
      lane.links_end = i + 1;
      if (link.signal != none) {
        auto& links = network_.signals[link.signal].links;
        if (links.size() <= link.signal_index) links.resize(link.signal_index + 1, none);
        links[link.signal_index] = i;
      }
    }
    list_next();
  }

  void list_next() {
    for (const Link& link : network_.links) {
      const uint32_t from = network_.lanes[link.from_lane].edge;
      uint32_t to = network_.lanes[link.to_lane].edge;
      if (from == none) continue;
      if (to == none) to = network_.lanes[network_.links[network_.lanes[link.to_lane].links_begin].to_lane].edge;
      auto& next = network_.edges[from].next;
      if (std::find(next.begin(), next.end(), to) == next.end()) next.push_back(to);
    }
  }

  const XmlFile& file_;
  Network network_;
  std::unordered_map<std::string, Inner> inner_;
  std::vector<std::vector<Connection>> connections_of_lane_;
};

constexpr std::string_view class_names[] = {
    "private",       "emergency", "authority",  "army",     "vip",      "pedestrian", "passenger",
    "hov",           "taxi",      "bus",        "coach",    "delivery", "truck",      "trailer",
    "motorcycle",    "moped",     "bicycle",    "evehicle", "tram",     "rail_urban", "rail",
    "rail_electric", "rail_fast", "ship",       "custom1",  "custom2",  "container",  "subway",
    "cable_car",     "aircraft",  "wheelchair", "scooter",  "drone"};

}  // namespace

Classes class_of(std::string_view name) {
  if (name == "ignoring") return all_classes;
  for (size_t i = 0; i < std::size(class_names); ++i) {
    if (class_names[i] == name) return Classes{1} << i;
  }
  return 0;
}

Classes classes_of(std::string_view allow, std::string_view disallow) {
  const auto bits = [](std::string_view names) {
    Classes classes = 0;
    for (const std::string_view name : words_of(names)) classes |= name == "all" ? all_classes : class_of(name);
    return classes;
  };
  if (!allow.empty()) return bits(allow);
  return all_classes & ~bits(disallow);
}

uint32_t Network::edge(std::string_view id) const {
  const auto found = edge_by_id.find(std::string(id));
  return found == edge_by_id.end() ? none : found->second;
}

uint32_t Network::lane(std::string_view id) const {
  const size_t bar = id.rfind('_');
  double index = 0;
  if (bar == std::string_view::npos || !read_number(id.substr(bar + 1), index) || index < 0) return none;
  const uint32_t at = edge(id.substr(0, bar));
  if (at == none || index >= static_cast<double>(edges[at].lanes_end - edges[at].lanes_begin)) return none;
  return edges[at].lanes_begin + static_cast<uint32_t>(index);
}

base::Result<Network> read_network(const XmlFile& file) {
  return NetworkReader(file).read();
}

base::Status add_program(Network& network, const XmlFile& file, pugi::xml_node node) {
  constexpr double most_s = 1e6;
  Attributes attributes(file, node);
  const auto found = network.signal_by_id.find(attributes.required_text("id"));
  Program program;
  program.id = attributes.text("programID");
  program.type = attributes.has("type") ? attributes.text("type") : "static";
  program.offset_s = attributes.time_s("offset", 0);
  if (attributes.failed()) return attributes.error();
  if (found == network.signal_by_id.end()) return {};  // no link of the network obeys it
  Signal& signal = network.signals[found->second];
  for (const pugi::xml_node child : node.children("phase")) {
    Attributes phase(file, child);
    const double duration_s = phase.required_number("duration", 0, most_s);
    program.phases.push_back({duration_s, phase.number("minDur", duration_s, 0, most_s),
                              phase.number("maxDur", duration_s, 0, 1e9), phase.required_text("state")});
    if (program.phases.back().state.size() < signal.links.size())
      phase.mistake(fmt::format("the state has {} letters, but the signal {} has {} links",
                                program.phases.back().state.size(), signal.id, signal.links.size()));
    if (phase.failed()) return phase.error();
    program.cycle_s += duration_s;
  }
  if (program.phases.empty()) return file.mistake(node, "the program of the signal " + signal.id + " has no phases");
  if (!(program.cycle_s > 0)) return file.mistake(node, "the phases of the signal " + signal.id + " take no time");
  signal.programs.push_back(std::move(program));
  return {};
}

}  // namespace cityloom::model::traffic
