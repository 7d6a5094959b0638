// The inhabitants of a city and their habits: functions of the model and a number.
#pragma once

#include <cstdint>

#include "rehearsal/model.hpp"

namespace cityloom::rehearsal {

/// What a person mostly does by day.
enum class Role : uint8_t { worker, pupil, other };

/// One inhabitant. Who has no job or seat in the city has `no_index` as its day place.
struct Person {
  uint32_t number = 0;
  Role role = Role::other;
  uint32_t home = no_index;       ///< a place
  uint32_t day_place = no_index;  ///< where they work or learn
};

/// How many live in a city.
uint32_t population(const CityModel& model);

/// The inhabitant of a number below the population. Everyone has a home; no two share a job or a seat. Cost: a search
/// in the sums.
Person person(const CityModel& model, uint32_t number);

/// A trip that somebody makes by habit: when (seconds after local midnight) and to which place.
struct HabitTrip {
  int32_t at_s = 0;
  uint32_t to = no_index;
};

/// The next habitual trip of a person after a moment of a day (days count from 1970-01-01 local; weekends differ). The
/// times vary from day to day by some minutes. `at_s` may lie past the day's end: then it is tomorrow's first.
HabitTrip next_trip(const CityModel& model, const Person& person, int64_t day, int32_t after_s);

}  // namespace cityloom::rehearsal
