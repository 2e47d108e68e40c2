"""What applicants read about the outcome of a recording: one cause and one thing to do, or that nothing is to be done.

The vendor's code table and the reviewers' reasons name hints by these keys. No text accuses: a person whose face was
not recognised reads the same words as anybody else.
"""

from django.utils.translation import gettext_lazy as _

HINTS = {
    "received": _("Thank you, we have everything we need."),
    "being_checked": _("A member of our staff is looking at what you sent. There is nothing you need to do."),
    "short_delay": _("This is taking longer than usual. Everything has arrived, and nothing is lost."),
    "paused": _("There is a short delay on our side. Everything has arrived, and nothing is lost."),
    "our_fault": _(
        "Something went wrong on our side, not with your photo or video. Our staff will look at it."
    ),
    "record_again": _("Please record a new video, facing the camera in good light."),
    "longer": _("Please record a slightly longer video, at least three seconds."),
    "shorter": _("Please record a shorter video; a few seconds are enough."),
    "follow_prompts": _("Please make each movement slowly and clearly, in the order shown."),
    "blink_clearly": _("Please blink slowly and clearly when asked, without dark glasses."),
    "open_mouth": _("Please open your mouth wide for a moment when asked."),
    "move_back": _("Please move a little farther from the camera."),
    "move_closer": _("Please move a little closer to the camera."),
    "centre_face": _("Please keep your face in the middle of the frame."),
    "whole_face": _("Please keep your whole face in the frame for the whole video."),
    "look_straight": _("Please look straight into the camera for a moment."),
    "hold_still": _("Please wipe the camera lens and hold the device still, in good light."),
    "brighter": _("Please move to a brighter place, with the light in front of you."),
    "dimmer": _("Please move away from strong light, such as the sun or a lamp."),
    "remove_mask": _("Please take off your mask, or anything else that covers your face."),
    "eyes_open": _("Please keep your eyes open and uncovered."),
    "mouth_visible": _("Please keep your mouth visible, with nothing in front of it."),
    "be_alone": _("Please make sure that you are the only person in the frame."),
    "photo_again": _("We could not use your photo. Please take it again."),
    "photo_sharper": _("Please take a sharper photo, in good light and without glare."),
    "photo_one_face": _("Please use a photo that shows one face only."),
    "photo_whole_face": _("Please use a photo in which the whole face can be seen."),
    "photo_uncovered": _("Please use a photo in which nothing covers the face."),
    "photo_whole_document": _("Please take a photo that shows the whole document."),
    "photo_nothing_covered": _(
        "Please take a photo in which nothing covers your ID, with all of its text readable."
    ),
    "photo_valid_id": _("Please use an ID of a kind that we accept, and that is valid today."),
    "photo_other_size": _("Your photo is too small or too large. Please take it again."),
}
