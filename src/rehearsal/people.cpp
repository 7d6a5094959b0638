#include "rehearsal/people.hpp"

#include <algorithm>
#include <array>

namespace cityloom::rehearsal {
namespace {

constexpr int32_t day_s = 86'400, hour_s = 3'600;

/// The place whose share of the sum holds this number.
uint32_t holder(const std::vector<uint32_t>& until, uint32_t number) {
  return static_cast<uint32_t>(std::upper_bound(until.begin(), until.end(), number) - until.begin());
}

uint32_t total(const std::vector<uint32_t>& until) {
  return until.empty() ? 0 : until.back();
}

/// A rearrangement of 0..count-1: neighbours live near, and are sent to places all over the city.
uint32_t shuffled(uint32_t number, uint32_t count, uint64_t seed) {
  // A step without a common divisor visits every number once.
  uint64_t step = (mixed(seed) % count) | 1;
  const auto divisor = [&](uint64_t a, uint64_t b) {
    while (b != 0) std::swap(a %= b, b);
    return a;
  };
  while (divisor(step, count) != 1) step += 2;
  return static_cast<uint32_t>((static_cast<uint64_t>(number) * step + mixed(seed + 1) % count) % count);
}

/// A place that people go to now and then, near rather than far.
uint32_t errand(const CityModel& model, const Person& person, Chance& chance) {
  const uint32_t jobs = total(model.jobs_until);
  if (jobs == 0) return no_index;
  const Point home = model.places[person.home].at;
  uint32_t best = no_index;
  double best_m = 0;
  for (int n = 0; n < 5; ++n) {
    const uint32_t place = holder(model.jobs_until, chance.below(jobs));
    const double far_m = length(model.places[place].at - home);
    if (best == no_index || far_m < best_m) {
      best = place;
      best_m = far_m;
    }
  }
  return best;
}

}  // namespace

uint32_t population(const CityModel& model) {
  return total(model.residents_until);
}

Person person(const CityModel& model, uint32_t number) {
  Person made;
  made.number = number;
  made.home = holder(model.residents_until, number);
  const Place& home = model.places[made.home];
  const uint32_t within = number - (model.residents_until[made.home] - home.residents);
  const uint32_t workers = workers_in(home), pupils = pupils_in(home);
  if (within < workers) {
    made.role = Role::worker;
    const uint32_t rank = model.workers_until[made.home] - workers + within;
    const uint32_t all = total(model.workers_until), jobs = total(model.jobs_until);
    const uint32_t slot = shuffled(rank, std::max(all, jobs), model.seed + 11);
    if (slot < jobs) made.day_place = holder(model.jobs_until, slot);
  } else if (within < workers + pupils) {
    made.role = Role::pupil;
    const uint32_t rank = model.pupils_until[made.home] - pupils + within - workers;
    const uint32_t all = total(model.pupils_until), seats = total(model.seats_until);
    const uint32_t slot = shuffled(rank, std::max(all, seats), model.seed + 12);
    if (slot < seats) made.day_place = holder(model.seats_until, slot);
  }
  return made;
}

HabitTrip next_trip(const CityModel& model, const Person& person, int64_t day, int32_t after_s) {
  // What stays the same from day to day, and what does not.
  Chance habit(model.seed, Purpose::habits, {person.number});
  const double shift = habit.normal(), late = habit.normal();
  const bool is_night_shift = person.role == Role::worker && habit.happens(0.06);
  std::array<HabitTrip, 4> trips;
  size_t count = 0;
  Chance today(model.seed, Purpose::trips, {person.number, day});
  const auto time = [&](double hours, double spread_h, double usual) {
    return std::clamp(static_cast<int32_t>((hours + usual * spread_h + today.normal() * 0.12) * hour_s), 0, day_s - 1);
  };
  const bool is_weekend = (day + 3) % 7 >= 5;  // 1970-01-01 was a Thursday
  const bool goes = person.day_place != no_index && (!is_weekend || today.happens(0.15));
  if (goes && is_night_shift) {
    trips[count++] = {time(6.4, 0.3, late), person.home};
    trips[count++] = {time(21.6, 0.3, shift), person.day_place};
  } else if (goes) {
    trips[count++] = {time(person.role == Role::pupil ? 8.1 : 7.9, person.role == Role::pupil ? 0.15 : 0.7, shift),
                      person.day_place};
    if (today.happens(0.2)) trips[count++] = {time(12.1, 0.3, late), errand(model, person, today)};
    trips[count++] = {time(person.role == Role::pupil ? 15.3 : 18.2, 0.8, late), person.home};
    if (today.happens(0.18)) trips[count++] = {time(20.0, 0.6, shift), errand(model, person, today)};
  } else {
    trips[count++] = {time(10.6, 1.6, shift), errand(model, person, today)};
    trips[count++] = {time(13.5, 1.4, late), person.home};
    if (today.happens(0.4)) {
      trips[count++] = {time(16.0, 1.0, shift), errand(model, person, today)};
      trips[count++] = {time(19.2, 1.2, late), person.home};
    }
  }
  std::stable_sort(trips.begin(), trips.begin() + static_cast<std::ptrdiff_t>(count),
                   [](const HabitTrip& a, const HabitTrip& b) { return a.at_s < b.at_s; });
  for (size_t n = 0; n < count; ++n) {
    if (trips[n].at_s > after_s && trips[n].to != no_index) return trips[n];
  }
  // Tomorrow begins at home, or on the way there.
  const HabitTrip first = after_s < 0 ? HabitTrip{9 * hour_s, person.home} : next_trip(model, person, day + 1, -1);
  return {first.at_s + (after_s < 0 ? 0 : day_s), first.to};
}

}  // namespace cityloom::rehearsal
