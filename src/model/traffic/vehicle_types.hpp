// Kinds of vehicles as files tell them.
#pragma once

#include <unordered_map>

#include "model/traffic/demand.hpp"

namespace cityloom::model::traffic {

/// One of several, by chance.
struct Choice {
  std::vector<std::pair<uint32_t, double>> parts;  ///< what, and its weight above 0
  /// By a number from 0 to below 1. Requires parts.
  uint32_t pick(double chance) const;
};

/// A number from 0 to below 1 that follows from a seed and a number alone.
double chance_of(uint64_t seed, uint64_t number);

/// Types and distributions of them, by their names.
class TypeTable {
 public:
  explicit TypeTable(std::vector<VehicleType>& types);

  /// Takes a <vType>. Errors: invalid.
  base::Status take_type(const XmlFile& file, pugi::xml_node node);
  /// Takes a <vTypeDistribution>, after the types that it names. Errors: invalid.
  base::Status take_distribution(const XmlFile& file, pugi::xml_node node);
  /// Of a vehicle; an empty name is SUMO's default type. none where there is no such type.
  uint32_t pick(std::string_view name, double chance) const;

 private:
  std::vector<VehicleType>& types_;
  std::unordered_map<std::string, Choice> by_name_;
};

}  // namespace cityloom::model::traffic
