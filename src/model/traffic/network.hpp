// A road network as SUMO has it, ready to be driven on: edges, lanes, links across junctions, signals.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"
#include "model/traffic/xml_file.hpp"

namespace cityloom::model::traffic {

inline constexpr uint32_t none = std::numeric_limits<uint32_t>::max();
inline constexpr size_t edges_max = 4'000'000;
inline constexpr size_t lanes_of_edge_max = 64;

/// Who may use a lane: a bit a vehicle class.
using Classes = uint64_t;
inline constexpr Classes all_classes = ~Classes{0};
/// The bit of a class as SUMO names it ("passenger"); 0: none such.
Classes class_of(std::string_view name);
/// What a lane's `allow` and `disallow` leave. Unknown names are left out.
Classes classes_of(std::string_view allow, std::string_view disallow);

/// A strip of an edge. Vehicles on it keep their order.
struct Lane {
  uint32_t edge = none;  ///< none: a place within a junction where vehicles wait for a gap
  double length_m = 0;
  double speed_m_s = 0;
  Classes classes = all_classes;
  uint32_t links_begin = 0, links_end = 0;  ///< of links going out
};

/// A stretch of road from one junction to another.
struct Edge {
  std::string id;
  uint32_t lanes_begin = 0, lanes_end = 0;
  uint32_t from = none, to = none;  ///< junctions
  double length_m = 0;
  Classes classes = 0;         ///< of any lane
  double x_m = 0, y_m = 0;     ///< its middle
  std::vector<uint32_t> next;  ///< edges that a link leads to, without doubles
};

/// The way from a lane over a junction to a lane.
struct Link {
  uint32_t from_lane = none, to_lane = none;
  double length_m = 0;     ///< within the junction
  double speed_m_s = 0;    ///< there
  uint32_t signal = none;  ///< that it obeys
  uint32_t signal_index = 0;
  char state = 'M';  ///< without a signal: M goes first, m and others give way (SUMO's letters)
  bool turns_back = false;
  uint32_t first_part = none;       ///< of a way on which vehicles may wait: the link before it
  std::vector<uint32_t> yields_to;  ///< links that go first
  std::vector<uint32_t> crosses;    ///< links whose way it touches
};

/// One phase of a signal's program.
struct Phase {
  double duration_s = 0;
  double least_s = 0, most_s = 0;  ///< where the program adapts
  std::string state;               ///< a letter a link: G g y u r s o O
};

/// A program.
struct Program {
  std::string id;
  std::string type;  ///< static, actuated, delay_based
  double offset_s = 0;
  double cycle_s = 0;
  std::vector<Phase> phases;
};

/// A signal: that which all links with one name obey.
struct Signal {
  std::string id;
  std::vector<Program> programs;  ///< the last one read is obeyed
  std::vector<uint32_t> links;    ///< by index in the states; none: nothing there
};

/// A network. Links are sorted by their first lane.
struct Network {
  std::vector<Edge> edges;
  std::vector<Lane> lanes;
  std::vector<Link> links;
  std::vector<Signal> signals;
  std::vector<std::string> junctions;
  std::unordered_map<std::string, uint32_t> edge_by_id, junction_by_id, signal_by_id;

  /// none where there is no such edge.
  uint32_t edge(std::string_view id) const;
  /// Of a lane, as "edge_index".
  uint32_t lane(std::string_view id) const;
};

/// Reads a network (.net.xml). Errors: those of XmlFile; invalid (what and line), too_large.
base::Result<Network> read_network(const XmlFile& file);

/// Adds a program to its signal, if the network has it. Errors: invalid (phases of another number of links than the
/// signal has, none at all, a duration below 0).
base::Status add_program(Network& network, const XmlFile& file, pugi::xml_node node);

}  // namespace cityloom::model::traffic
