"""Every family of the papers in sizes that train in no time."""

SMALL = [
    ("gan", "generator=16,32 discriminator=16"),
    ("cgan", "generator=16,32 discriminator=32,16"),
    ("dcgan", "generator=8,8,4 discriminator=4,8"),
    ("dcgan-small", ""),
    ("infogan", "generator=8,8,4 discriminator=4,8"),
    ("wgan", "width=4"),
    ("wgan", "width=4 loss=code"),
    ("shared-wgan", "width=4"),
    ("shared-wgan", "width=4 share=1,3 update=both"),
    ("shared-wgan", "width=4 update=frozen loss=code"),
    ("cyclegan", "width=4 critic_width=4"),
    ("dcgan-32", "width=4"),
    ("shared-wgan", "width=4 update=both bias=true"),
]
