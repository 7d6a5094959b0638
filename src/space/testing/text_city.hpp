// A city drawn in text: letters are places, ways run between them. For tests of everything that lies on a map.
#pragma once

#include <cstdio>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "space/earth.hpp"

namespace cityloom::space::testing {

/// Makes an OpenStreetMap file out of a drawing. One column is `metre` metres east, one line as many south.
///
///     TextCity city(R"(
///       A----B----C
///            |
///            D
///     )", 100);
///     city.way("ABC", {{"highway", "primary"}}).way("BD", {{"highway", "residential"}});
///
/// Lines between letters are for the reader only. Places are nodes 1, 2, ... in the order of the drawing; ways 1, 2,
/// ... in the order of calls, relations likewise.
class TextCity {
 public:
  using Tags = std::vector<std::pair<std::string, std::string>>;

  explicit TextCity(const std::string& drawing, double metres = 100) : frame_({127.1, 37.51, 0}) {
    int column = 0, line = 0;
    for (char letter : drawing) {
      if ((letter >= 'A' && letter <= 'Z') || (letter >= 'a' && letter <= 'z')) {
        twin::Position position = frame_.position_of_local({column * metres, -line * metres, 0});
        position.height_m = std::numeric_limits<double>::quiet_NaN();
        ids_[letter] = static_cast<int>(ids_.size()) + 1;
        places_[letter] = position;
      }
      ++column;
      if (letter == '\n') {
        column = 0;
        ++line;
      }
    }
  }

  /// Adds a way through these places.
  TextCity& way(const std::string& places, const Tags& tags) {
    ways_ += "<way id='" + std::to_string(++way_count_) + "'>";
    for (char place : places) ways_ += "<nd ref='" + std::to_string(ids_.at(place)) + "'/>";
    ways_ += text(tags) + "</way>\n";
    return *this;
  }

  /// Adds a turn restriction from one way over a place to another way, by the ways' numbers.
  TextCity& turn(const std::string& restriction, int from, char via, int to) {
    return relation("<member type='node' ref='" + std::to_string(ids_.at(via)) + "' role='via'/>", restriction, from,
                    to);
  }

  /// The same over ways.
  TextCity& turn(const std::string& restriction, int from, const std::vector<int>& via, int to) {
    std::string members;
    for (int way_id : via) members += "<member type='way' ref='" + std::to_string(way_id) + "' role='via'/>";
    return relation(members, restriction, from, to);
  }

  twin::Position at(char place) const { return places_.at(place); }

  /// The file.
  std::string osm() const {
    std::string nodes;
    for (const auto& [letter, id] : ids_) {
      char node[120];
      std::snprintf(node, sizeof node, "<node id='%d' lat='%.9f' lon='%.9f'/>\n", id, places_.at(letter).latitude_deg,
                    places_.at(letter).longitude_deg);
      nodes += node;
    }
    return "<osm version='0.6'>\n" + nodes + ways_ + relations_ + "</osm>\n";
  }

 private:
  static std::string text(const Tags& tags) {
    std::string all;
    for (const auto& [key, value] : tags) all += "<tag k='" + key + "' v='" + value + "'/>";
    return all;
  }
  TextCity& relation(const std::string& via, const std::string& restriction, int from, int to) {
    relations_ += "<relation id='" + std::to_string(++relation_count_) + "'><member type='way' ref='" +
                  std::to_string(from) + "' role='from'/>" + via + "<member type='way' ref='" + std::to_string(to) +
                  "' role='to'/>" + text({{"type", "restriction"}, {"restriction", restriction}}) + "</relation>\n";
    return *this;
  }

  LocalFrame frame_;
  std::map<char, int> ids_;
  std::map<char, twin::Position> places_;
  std::string ways_, relations_;
  int way_count_ = 0, relation_count_ = 0;
};

}  // namespace cityloom::space::testing
