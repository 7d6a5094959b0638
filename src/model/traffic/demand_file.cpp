// Reads route files and additional files.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "model/traffic/routing.hpp"
#include "model/traffic/vehicle_types.hpp"

namespace cityloom::model::traffic {
namespace {

using base::Code;
using base::fail;
using base::Status;

constexpr double without_end_s = 86'400;  // how long a flow lasts that names no end, after its begin

/// Where vehicles stop, or a route with its stops.
struct NamedRoute {
  uint32_t route = none;
  std::vector<Stop> stops;
};

class DemandReader {
 public:
  DemandReader(Network& network, const DemandOptions& options)
      : network_(network), options_(options), types_(demand_.types), router_(network) {
    for (const uint32_t edge : options.closed) router_.close(edge), closed_.insert(edge);
  }

  base::Result<Demand> read(const std::vector<XmlFile>& files) {
    for (const bool second : {false, true}) {
      for (const XmlFile& file : files) {
        for (const pugi::xml_node node : file.root().children()) {
          if (auto taken = second ? take_traffic(file, node) : take_thing(file, node); !taken) return taken.error();
        }
      }
    }
    std::stable_sort(demand_.vehicles.begin(), demand_.vehicles.end(),
                     [](const Vehicle& a, const Vehicle& b) { return a.depart_s < b.depart_s; });
    for (const auto& [name, count] : unknown_)
      demand_.warnings.push_back(fmt::format("{} of <{}>: not simulated", count, name));
    return std::move(demand_);
  }

 private:
  /// What others name: types, routes, places, programs.
  Status take_thing(const XmlFile& file, pugi::xml_node node) {
    const std::string_view name = node.name();
    if (name == "vType") return types_.take_type(file, node);
    if (name == "vTypeDistribution") {
      for (const pugi::xml_node child : node.children("vType")) {
        if (auto taken = types_.take_type(file, child); !taken) return taken;
      }
      return types_.take_distribution(file, node);
    }
    if (name == "busStop" || name == "trainStop" || name == "parkingArea" || name == "chargingStation" ||
        name == "containerStop" || name == "overheadWireSegment")
      return take_place(file, node);
    if (name == "tlLogic") return add_program(network_, file, node);
    if (name == "taz" || name == "tazs") return take_zones(file, node);
    if (name == "route") return take_named_route(file, node);
    if (name == "routeDistribution") return take_distribution(file, node);
    return {};
  }

  Status take_traffic(const XmlFile& file, pugi::xml_node node) {
    static const std::unordered_set<std::string_view> known = {"vType",
                                                               "vTypeDistribution",
                                                               "busStop",
                                                               "trainStop",
                                                               "parkingArea",
                                                               "chargingStation",
                                                               "containerStop",
                                                               "taz",
                                                               "tazs",
                                                               "route",
                                                               "routeDistribution",
                                                               "tlLogic",
                                                               "param",
                                                               "location",
                                                               "edgeData",
                                                               "laneData",
                                                               "e1Detector",
                                                               "e2Detector",
                                                               "e3Detector",
                                                               "inductionLoop",
                                                               "laneAreaDetector",
                                                               "entryExitDetector",
                                                               "instantInductionLoop",
                                                               "poly",
                                                               "poi",
                                                               "timedEvent",
                                                               "overheadWireSegment",
                                                               "vTypeProbe",
                                                               "routeProbe",
                                                               "viewsettings",
                                                               ""};
    const std::string_view name = node.name();
    if (name == "vehicle" || name == "trip") return take_vehicle(file, node);
    if (name == "flow") return take_flow(file, node, 0, without_end_s);
    if (name == "interval") {
      Attributes interval(file, node);
      const double begin_s = interval.time_s("begin", 0), end_s = interval.time_s("end", begin_s + without_end_s);
      if (interval.failed()) return interval.error();
      for (const pugi::xml_node child : node.children("flow")) {
        if (auto taken = take_flow(file, child, begin_s, end_s); !taken) return taken;
      }
      return {};
    }
    if (!known.count(name)) ++unknown_[std::string(name.substr(0, 60))];
    return {};
  }

  Status take_place(const XmlFile& file, pugi::xml_node node) {
    Attributes attributes(file, node);
    const std::string id = attributes.required_text("id");
    Stop stop;
    if (auto put = put_stop(attributes, stop); !put) return put;
    stop.beside_road = std::string_view(node.name()) == "parkingArea" && !attributes.truth("onRoad", false);
    places_[id] = stop;
    return {};
  }

  /// Lane and position, as places and stops have them.
  Status put_stop(Attributes& attributes, Stop& stop) const {
    const std::string lane =
        attributes.has("lane") ? attributes.required_text("lane") : attributes.required_text("edge") + "_0";
    if (!attributes.failed()) stop.lane = network_.lane(lane);
    if (stop.lane == none) attributes.mistake("there is no lane " + lane);
    if (attributes.failed()) return attributes.error();
    const double length_m = network_.lanes[stop.lane].length_m;
    stop.at_m = attributes.number("endPos", length_m, -1e7, 1e7);
    if (stop.at_m < 0) stop.at_m += length_m;
    stop.at_m = std::clamp(stop.at_m, 0.0, length_m);
    if (attributes.failed()) return attributes.error();
    return {};
  }

  base::Result<std::vector<Stop>> read_stops(const XmlFile& file, pugi::xml_node node) {
    std::vector<Stop> stops;
    for (const pugi::xml_node child : node.children("stop")) {
      Attributes attributes(file, child);
      Stop stop;
      const char* const kinds[] = {"busStop", "trainStop", "parkingArea", "chargingStation", "containerStop"};
      const auto kind =
          std::find_if(std::begin(kinds), std::end(kinds), [&](const char* one) { return attributes.has(one); });
      if (kind != std::end(kinds)) {
        const auto place = places_.find(attributes.required_text(*kind));
        if (place == places_.end())
          return file.mistake(child, fmt::format("there is no {} {}", *kind, attributes.text(*kind).substr(0, 60)),
                              "name the additional file that has it by --additional");
        stop = place->second;
      } else if (auto put = put_stop(attributes, stop); !put) {
        return put.error();
      }
      stop.duration_s = std::max(0.0, attributes.time_s("duration", 0));
      stop.until_s = attributes.time_s("until", -1);
      stop.beside_road = attributes.truth("parking", stop.beside_road);
      if (attributes.failed()) return attributes.error();
      stops.push_back(stop);
    }
    return stops;
  }

  Status take_zones(const XmlFile& file, pugi::xml_node node) {
    if (std::string_view(node.name()) == "tazs") {
      for (const pugi::xml_node child : node.children("taz")) {
        if (auto taken = take_zones(file, child); !taken) return taken;
      }
      return {};
    }
    Attributes attributes(file, node);
    Zone zone;
    for (const std::string_view id : words_of(attributes.text("edges"))) {
      const uint32_t edge = network_.edge(id);
      if (edge == none) return file.mistake(node, "there is no edge " + std::string(id.substr(0, 60)));
      zone.sources.parts.emplace_back(edge, 1);
      zone.sinks.parts.emplace_back(edge, 1);
    }
    for (const char* kind : {"tazSource", "tazSink"}) {
      for (const pugi::xml_node child : node.children(kind)) {
        Attributes part(file, child);
        const uint32_t edge = network_.edge(part.required_text("id"));
        const double weight = part.number("weight", 1, 0, 1e9);
        if (edge == none) part.mistake("there is no edge " + std::string(part.text("id").substr(0, 60)));
        if (part.failed()) return part.error();
        if (weight > 0) (kind[3] == 'S' && kind[4] == 'o' ? zone.sources : zone.sinks).parts.emplace_back(edge, weight);
      }
    }
    zones_[attributes.required_text("id")] = std::move(zone);
    if (attributes.failed()) return attributes.error();
    return {};
  }

  /// The edges of a route's text as a number of demand_.routes; the same text is the same route.
  base::Result<uint32_t> route_of(const XmlFile& file, pugi::xml_node node, std::string_view text) {
    const auto known = route_by_text_.find(std::string(text));
    if (known != route_by_text_.end()) return known->second;
    std::vector<uint32_t> edges;
    for (const std::string_view id : words_of(text)) {
      edges.push_back(network_.edge(id));
      if (edges.back() == none) return file.mistake(node, "there is no edge " + std::string(id.substr(0, 60)));
    }
    if (edges.empty()) return file.mistake(node, "the route has no edges");
    if (edges.size() > route_edges_max)
      return fail(Code::too_large, fmt::format("a route of more than {} edges", route_edges_max), file.where(node));
    const auto number = static_cast<uint32_t>(demand_.routes.size());
    demand_.routes.push_back(std::move(edges));
    route_by_text_.emplace(text, number);
    return number;
  }

  base::Result<NamedRoute> read_route(const XmlFile& file, pugi::xml_node node) {
    const auto route = route_of(file, node, node.attribute("edges").value());
    if (!route) return route.error();
    auto stops = read_stops(file, node);
    if (!stops) return stops.error();
    return NamedRoute{*route, std::move(stops).value()};
  }

  Status take_named_route(const XmlFile& file, pugi::xml_node node) {
    Attributes attributes(file, node);
    const std::string id = attributes.required_text("id");
    if (attributes.failed()) return attributes.error();
    auto route = read_route(file, node);
    if (!route) return route.error();
    route_names_[id].parts = {{static_cast<uint32_t>(named_routes_.size()), 1}};
    named_routes_.push_back(std::move(route).value());
    return {};
  }

  /// Routes of which one is taken by chance.
  Status take_distribution(const XmlFile& file, pugi::xml_node node) {
    const std::string id = node.attribute("id").value();
    auto choice = read_distribution(file, node);
    if (!choice) return choice.error();
    route_names_[id] = std::move(choice).value();
    return {};
  }

  base::Result<Choice> read_distribution(const XmlFile& file, pugi::xml_node node) {
    Choice choice;
    for (const pugi::xml_node child : node.children("route")) {
      Attributes part(file, child);
      const double weight = part.number("probability", 1, 0, 1e9);
      if (part.failed()) return part.error();
      if (part.has("refId")) {
        const auto named = route_names_.find(std::string(part.text("refId")));
        if (named == route_names_.end()) return file.mistake(child, "there is no such route");
        choice.parts.emplace_back(named->second.pick(0), weight);
        continue;
      }
      auto route = read_route(file, child);
      if (!route) return route.error();
      if (part.has("id"))
        route_names_[std::string(part.text("id"))].parts = {{static_cast<uint32_t>(named_routes_.size()), 1}};
      if (weight > 0) choice.parts.emplace_back(static_cast<uint32_t>(named_routes_.size()), weight);
      named_routes_.push_back(std::move(route).value());
    }
    const auto names = words_of(node.attribute("routes").value()),
               weights = words_of(node.attribute("probabilities").value());
    for (size_t i = 0; i < names.size(); ++i) {
      const auto named = route_names_.find(std::string(names[i]));
      double weight = 1;
      if (named == route_names_.end())
        return file.mistake(node, "there is no route " + std::string(names[i].substr(0, 60)));
      if (i < weights.size() && (!read_number(weights[i], weight) || weight < 0 || weight > 1e9))
        return file.mistake(node, "probabilities are no weights");
      if (weight > 0) choice.parts.emplace_back(named->second.pick(0), weight);
    }
    if (choice.parts.empty()) return file.mistake(node, "the distribution has no routes");
    return choice;
  }

  /// What a vehicle, a trip and a flow have in common; without id and departure.
  base::Result<Vehicle> read_plan(const XmlFile& file, pugi::xml_node node) {
    Attributes attributes(file, node);
    Vehicle vehicle;
    auto stops = read_stops(file, node);
    if (!stops) return stops.error();
    vehicle.stops = std::move(stops).value();
    take_departure(attributes, vehicle);
    if (attributes.failed()) return attributes.error();
    return vehicle;
  }

  static void take_departure(Attributes& attributes, Vehicle& vehicle) {
    const std::string_view at = attributes.text("departPos"), speed = attributes.text("departSpeed"),
                           lane = attributes.text("departLane"), end = attributes.text("arrivalPos");
    double number = 0;
    if (read_number(at, number)) vehicle.depart_at_m = std::clamp(number, -1e7, 1e7);
    if (read_number(speed, number))
      vehicle.depart_speed_m_s = std::clamp(number, 0.0, 1e4);
    else if (!speed.empty())
      vehicle.depart_speed_m_s = -1;
    if (read_number(lane, number) && number >= 0)
      vehicle.depart_lane = static_cast<int16_t>(std::min(number, 1000.0));
    else if (lane.empty() || lane == "first")
      vehicle.depart_lane = 0;
    if (read_number(end, number)) vehicle.arrive_at_m = std::clamp(number, -1e7, 1e7);
  }

  /// A number that differs for each question.
  double chance() { return chance_of(options_.seed, asked_++); }

  /// Gives a vehicle its type and way; false where it has none.
  base::Result<bool> give_way(const XmlFile& file, pugi::xml_node node, Vehicle& vehicle) {
    const std::string_view type = node.attribute("type").value();
    vehicle.type = types_.pick(type, chance());
    if (vehicle.type == none)
      return file.mistake(node, "there is no vehicle type " + std::string(type.substr(0, 60)),
                          "name the additional file that has it by --additional");
    const std::string_view name = node.attribute("route").value();
    NamedRoute route;
    if (!name.empty()) {
      const auto found = route_names_.find(std::string(name));
      if (found == route_names_.end())
        return file.mistake(node, "there is no route " + std::string(name.substr(0, 60)));
      route = named_routes_[found->second.pick(chance())];
    } else if (node.child("routeDistribution")) {
      auto& known = distribution_of_node_[node.internal_object()];
      if (known.parts.empty()) {
        auto choice = read_distribution(file, node.child("routeDistribution"));
        if (!choice) return choice.error();
        known = std::move(choice).value();
      }
      route = named_routes_[known.pick(chance())];
    } else if (node.child("route")) {
      auto read = read_route(file, node.child("route"));
      if (!read) return read.error();
      route = std::move(read).value();
    } else {
      const auto found = find_way(file, node, vehicle);
      if (!found) return found.error();
      vehicle.route = *found;
      return vehicle.route != none;
    }
    vehicle.stops.insert(vehicle.stops.begin(), route.stops.begin(), route.stops.end());
    vehicle.route = checked(route.route, demand_.types[vehicle.type].classes);
    return vehicle.route != none;
  }

  /// The route itself if it hangs together and is open; a way around what is closed; or none.
  uint32_t checked(uint32_t route, Classes classes) {
    const auto [known, added] = checked_.emplace(std::pair(route, classes), route);
    if (!added) return known->second;
    const std::vector<uint32_t>& edges = demand_.routes[route];
    bool open = true, whole = true;
    for (size_t i = 0; i < edges.size(); ++i) {
      open = open && !closed_.count(edges[i]);
      const auto& next = network_.edges[edges[i]].next;
      if (i + 1 < edges.size()) whole = whole && std::find(next.begin(), next.end(), edges[i + 1]) != next.end();
    }
    if (!whole) return known->second = none;
    if (open) return route;
    auto way = router_.way(edges.front(), edges.back(), classes);
    if (way.empty()) return known->second = none;
    demand_.routes.push_back(std::move(way));
    return known->second = static_cast<uint32_t>(demand_.routes.size() - 1);
  }

  /// Edges where a trip may begin or end.
  std::vector<uint32_t> ends_of(Attributes& attributes, bool begin) {
    const char* const edge_name = begin ? "from" : "to";
    if (attributes.has(edge_name)) {
      const uint32_t edge = network_.edge(attributes.text(edge_name));
      if (edge != none) return {edge};
      attributes.mistake("there is no edge " + std::string(attributes.text(edge_name).substr(0, 60)));
      return {};
    }
    if (attributes.has(begin ? "fromTaz" : "toTaz")) {
      const auto zone = zones_.find(attributes.required_text(begin ? "fromTaz" : "toTaz"));
      if (zone != zones_.end()) {
        const Choice& choice = begin ? zone->second.sources : zone->second.sinks;
        if (!choice.parts.empty()) return {choice.pick(chance())};
      }
      attributes.mistake("there is no such zone with edges");
      return {};
    }
    const char* const junction_name = begin ? "fromJunction" : "toJunction";
    if (!attributes.has(junction_name)) {
      attributes.mistake("neither a route nor where it goes from and to");
      return {};
    }
    const auto junction = network_.junction_by_id.find(attributes.required_text(junction_name));
    if (junction == network_.junction_by_id.end()) {
      attributes.mistake("there is no such junction");
      return {};
    }
    std::vector<uint32_t> edges;
    for (uint32_t i = 0; i < network_.edges.size(); ++i) {
      if ((begin ? network_.edges[i].from : network_.edges[i].to) == junction->second) edges.push_back(i);
    }
    return edges;
  }

  base::Result<uint32_t> find_way(const XmlFile& file, pugi::xml_node node, const Vehicle& vehicle) {
    Attributes attributes(file, node);
    const auto starts = ends_of(attributes, true), ends = ends_of(attributes, false);
    std::vector<uint32_t> between;
    for (const std::string_view id : words_of(attributes.text("via"))) {
      between.push_back(network_.edge(id));
      if (between.back() == none) attributes.mistake("there is no edge " + std::string(id.substr(0, 60)));
    }
    for (const Stop& stop : vehicle.stops) between.push_back(network_.lanes[stop.lane].edge);
    if (attributes.failed()) return attributes.error();
    const Classes classes = demand_.types[vehicle.type].classes;
    for (const uint32_t start : starts) {
      for (const uint32_t end : ends) {
        const auto [known, added] = ways_.emplace(std::tuple(start, between, end, classes), none);
        if (added) known->second = way_over(start, between, end, classes);
        if (known->second != none) return known->second;
      }
    }
    return none;
  }

  uint32_t way_over(uint32_t start, const std::vector<uint32_t>& between, uint32_t end, Classes classes) {
    std::vector<uint32_t> way{start};
    std::vector<uint32_t> aims = between;
    aims.push_back(end);
    for (const uint32_t aim : aims) {
      if (aim == way.back()) continue;
      const auto part = router_.way(way.back(), aim, classes);
      if (part.empty() || way.size() + part.size() > route_edges_max) return none;
      way.insert(way.end(), part.begin() + 1, part.end());
    }
    demand_.routes.push_back(std::move(way));
    return static_cast<uint32_t>(demand_.routes.size() - 1);
  }

  Status add(const XmlFile& file, pugi::xml_node node, Vehicle vehicle) {
    if (vehicle.depart_s < options_.begin_s || vehicle.depart_s >= options_.end_s) return {};
    if (demand_.vehicles.size() >= vehicles_max)
      return fail(Code::too_large, fmt::format("more than {} vehicles", vehicles_max), file.where(node));
    if (!ids_.insert(vehicle.id).second)
      return file.mistake(node, "the vehicle " + vehicle.id.substr(0, 60) + " stands here a second time");
    const auto has_way = give_way(file, node, vehicle);
    if (!has_way) return has_way.error();
    if (*has_way)
      demand_.vehicles.push_back(std::move(vehicle));
    else
      demand_.no_way.push_back(vehicle.id);
    return {};
  }

  Status take_vehicle(const XmlFile& file, pugi::xml_node node) {
    auto vehicle = read_plan(file, node);
    if (!vehicle) return vehicle.error();
    Attributes attributes(file, node);
    vehicle->id = attributes.required_text("id");
    if (attributes.text("depart") == "triggered" || attributes.text("depart") == "containerTriggered" ||
        attributes.text("depart") == "split") {
      ++unknown_["vehicle that waits for a person"];
      return {};
    }
    vehicle->depart_s = attributes.text("depart") == "now" ? options_.begin_s : attributes.time_s("depart", 0);
    if (attributes.failed()) return attributes.error();
    return add(file, node, std::move(vehicle).value());
  }

  Status take_flow(const XmlFile& file, pugi::xml_node node, double begin_s, double end_s) {
    auto plan = read_plan(file, node);
    if (!plan) return plan.error();
    Attributes attributes(file, node);
    const std::string id = attributes.required_text("id");
    begin_s = attributes.time_s("begin", begin_s);
    end_s = std::min(attributes.time_s("end", std::max(end_s, begin_s + without_end_s)), options_.end_s);
    const size_t most = attributes.whole("number", attributes.whole("count", vehicles_max, vehicles_max), vehicles_max);
    const double each_hour = attributes.number("vehsPerHour", attributes.number("perHour", 0, 0, 1e7), 0, 1e7);
    const double probability = attributes.number("probability", 0, 0, 1);
    std::string_view period = attributes.text("period");
    const bool at_random = period.substr(0, 4) == "exp(" && period.back() == ')';
    double gap_s = each_hour > 0 ? 3600 / each_hour : 0, rate = 0;
    if (at_random) {
      if (!read_number(period.substr(4, period.size() - 5), rate) || rate <= 0 || rate > 1e4)
        attributes.mistake("period has no rate");
      else
        gap_s = 1 / rate;
    } else if (!period.empty()) {
      gap_s = attributes.number("period", 0, 1e-4, 1e9);
    }
    if (gap_s == 0 && probability == 0 && most < vehicles_max && most > 0)
      gap_s = (end_s - begin_s) / static_cast<double>(most);
    if (gap_s == 0 && probability > 0) gap_s = 1;
    if (attributes.failed()) return attributes.error();
    const bool none_comes = most == 0 || begin_s >= end_s || attributes.has("vehsPerHour") ||
                            attributes.has("perHour") || attributes.has("probability");
    if (!(gap_s > 0))
      return none_comes ? Status{}
                        : file.mistake(node, "the flow does not say how many",
                                       "give number, period, vehsPerHour or probability");
    if ((end_s - begin_s) / gap_s > 1e8)
      return fail(Code::too_large, "the flow never ends", file.where(node), "give it an end");
    size_t made = 0;
    double at_s = begin_s;
    for (size_t i = 0; made < most; ++i) {
      if (at_random)
        at_s += i == 0 ? 0 : std::max(-std::log(1 - chance()) * gap_s, 1e-3);
      else
        at_s = begin_s + static_cast<double>(i) * gap_s;
      if (at_s >= end_s - 1e-9) break;
      if (probability > 0 && chance() >= probability) continue;
      Vehicle vehicle = *plan;
      vehicle.id = fmt::format("{}.{}", id, made++);
      vehicle.depart_s = at_s;
      if (auto added = add(file, node, std::move(vehicle)); !added) return added;
    }
    return {};
  }

  struct Zone {
    Choice sources, sinks;
  };

  Network& network_;
  const DemandOptions& options_;
  Demand demand_;
  TypeTable types_;
  Router router_;
  uint64_t asked_ = 0;
  std::unordered_set<uint32_t> closed_;
  std::unordered_map<std::string, Stop> places_;
  std::unordered_map<std::string, Zone> zones_;
  std::unordered_map<std::string, Choice> route_names_;  ///< into named_routes_
  std::vector<NamedRoute> named_routes_;
  std::unordered_map<const void*, Choice> distribution_of_node_;
  std::unordered_map<std::string, uint32_t> route_by_text_;
  std::unordered_set<std::string> ids_;
  std::map<std::pair<uint32_t, Classes>, uint32_t> checked_;
  std::map<std::tuple<uint32_t, std::vector<uint32_t>, uint32_t, Classes>, uint32_t> ways_;
  std::map<std::string, size_t> unknown_;
};

}  // namespace

base::Result<Demand> read_demand(Network& network, const std::vector<XmlFile>& files, const DemandOptions& options) {
  return DemandReader(network, options).read(files);
}

}  // namespace cityloom::model::traffic
